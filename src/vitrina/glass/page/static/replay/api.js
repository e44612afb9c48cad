// The answers of a replay: they are all in the page itself. Takes the place of ../js/api.js.

export class Trouble extends Error {}

let data = null;

async function opened() {
  if (data) return data;
  const packed = document.getElementById("replay").textContent.trim();
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = await new Response(stream).json();
  return data;
}

export async function ask(question, values = {}) {
  const all = await opened();
  if (question === "place") return { editor: null };
  if (question === "looks") return structuredClone(all.looks);
  if (question === "moment") return all.moments[values.step][values.probe];
  if (question === "probes") return { ...all.probes, ...all.answers[values.step] };
  if (question === "function") return all.functions[values.step] ?? {};
  if (question === "findings") return all.findings[values.lang];
  if (question === "judged") return all.judged[values.step] ?? {};
  if (question === "dependence") return all.dependences[values.step]?.[values.column] ?? {};
  if (question === "neuron") return neuron(all, values);
  return all[question];
}

export async function send() {
  throw new Trouble("a replay cannot be changed");
}

export async function control() {
  throw new Trouble("a replay cannot be changed");
}

export function listen(heard) {
  heard({ state: "unknown", looks: data.looks.step.length, epochs: data.curves.epochs.epoch?.length ?? 0 });
}

// One neuron's arithmetic, of the connections that are drawn: where all of a layer's are.
function neuron({ about, moments, probes }, { step, probe, layer: name, unit }) {
  const moment = moments[step][probe];
  const edges = moment.edges[name];
  const at = about.layers.findIndex((layer) => layer.name === name);
  const layer = about.layers[at];
  const units = layer.shape.at(-1);
  const size = (one) => one.shape.reduce((a, b) => a * b, 1);
  const before = about.layers.slice(0, at).reverse().find((one) => size(one) * units === edges?.of);
  const inputs = before && moment.layers[before.name].output.flat(Infinity);
  if (layer.shape.length !== 1 || edges?.from.length !== edges?.of || inputs?.length !== size(before)) {
    throw new Trouble("too-large");
  }
  const terms = edges.to.flatMap((to, place) => (to !== unit ? [] : [{
    input: edges.from[place], value: inputs[edges.from[place]], weight: edges.weight[place], gradient: edges.gradient[place], update: edges.update[place],
  }]));
  terms.sort((a, b) => Math.abs(b.value * b.weight) - Math.abs(a.value * a.weight));
  const bias = edges.bias?.[unit] ?? 0;
  const signal = moment.layers[name].signal[unit];
  return { step, layer: name, unit, place: [], count: terms.length, terms, bias, weighted_sum: terms.reduce((sum, { value, weight }) => sum + value * weight, bias),
    activation: layer.activation, output: moment.layers[name].output[unit], error_signal: signal, bias_gradient: edges.bias ? signal : 0, history: null };
}
