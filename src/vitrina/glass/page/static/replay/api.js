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
  if (question === "moment") return momentOf(all, values);
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

// With the connections of one member, where it is an ensemble's.
function momentOf(all, { step, probe, member = 0 }) {
  const moment = all.moments[step][probe];
  return member ? { ...moment, member, edges: moment.others[member - 1] } : moment;
}

// One neuron's arithmetic, of the connections that are drawn: where all of a layer's are.
function neuron(all, { step, probe, layer: name, unit, place }) {
  const { layers } = all.about;
  const layer = layers.find((one) => one.name === name);
  const member = layer.members ? Number(place) : 0;
  const moment = momentOf(all, { step, probe, member });
  const edges = moment.edges[name];
  const own = (one, what) => (one.members ? moment.layers[one.name][what][member] : moment.layers[one.name][what]);
  const shape = layer.members ? layer.shape.slice(1) : layer.shape;
  const sources = layer.sources.map((source) => layers.find((one) => one.name === source));
  const inputs = sources.map((one) => own(one, "output").flat(Infinity)).find((values) => values.length * shape.at(-1) === edges?.of);
  if (shape.length !== 1 || edges?.from.length !== edges?.of || !inputs) throw new Trouble("too-large");
  const terms = edges.to.flatMap((to, at) => (to !== unit ? [] : [{
    input: edges.from[at], value: inputs[edges.from[at]], weight: edges.weight[at], gradient: edges.gradient[at], update: edges.update[at],
  }]));
  terms.sort((a, b) => Math.abs(b.value * b.weight) - Math.abs(a.value * a.weight));
  const bias = edges.bias?.[unit] ?? 0;
  const signal = own(layer, "signal")[unit];
  return { step, layer: name, unit, place: layer.members ? [member] : [], count: terms.length, terms, bias, weighted_sum: terms.reduce((sum, { value, weight }) => sum + value * weight, bias),
    activation: layer.activation, output: own(layer, "output")[unit], error_signal: signal, bias_gradient: edges.bias ? signal : 0, history: null };
}
