// The answers of a notebook's kernel, through the widget that the page stands in. Takes the place of ../js/api.js.

export class Trouble extends Error {}

const EVERY = 500; // milliseconds between questions whether there is news
const REPEAT = 1000; // milliseconds, then twice as many, until a question is put again: one from before the kernel could listen is lost
const PATIENCE = 6000; // milliseconds after which it is said that the kernel is busy
const AGAIN = 700; // milliseconds until it is asked again whether there is a run

const BUSY = {
  en: "The kernel is busy and answers when its cell is done. JupyterLab from 4.4 with ipykernel from 7 answers while it runs.",
  es: "El núcleo está ocupado y responderá cuando acabe su celda. JupyterLab desde 4.4 con ipykernel desde 7 responde mientras trabaja.",
};

const waiting = new Map();
let number = 0;

const widget = new Promise((found) => {
  addEventListener("message", (event) => {
    if (event.source !== parent || event.data !== "vitrina") return;
    const [port] = event.ports;
    port.onmessage = ({ data: { id, answer, error } }) => {
      const { done, failed } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error === undefined) done?.(answer);
      else failed?.(new Trouble(error));
    };
    found(port);
  });
});

function busy() {
  const note = document.querySelector("#trouble");
  note.textContent = BUSY[navigator.language.toLowerCase().startsWith("es") ? "es" : "en"];
  note.hidden = false;
}

async function told(question, values, again = true) {
  const port = await widget;
  const id = ++number;
  const put = () => port.postMessage({ id, question, values });
  let pause = REPEAT;
  let timer = null;
  const repeat = () => {
    timer = setTimeout(() => { put(); repeat(); }, pause);
    pause *= 2;
  };
  const late = setTimeout(busy, PATIENCE);
  try {
    return await new Promise((done, failed) => {
      waiting.set(id, { done, failed });
      put();
      if (again) repeat();
    });
  } finally {
    clearTimeout(late);
    clearTimeout(timer);
  }
}

const wait = (time) => new Promise((done) => setTimeout(done, time));

export async function ask(question, values = {}) {
  if (question === "texts.es.json") return JSON.parse(document.getElementById("texts").textContent);
  if (question !== "place") return told(question, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])));
  let place = await told("place", {});
  while (place.run === null) { // no training has begun yet
    await wait(AGAIN);
    place = await told("place", {});
  }
  return place;
}

export const send = (where, wanted) => told(where, wanted, false); // to be done once

export const control = (action, value) => send("control", { action, value });

export async function listen(heard, lost) {
  let before = "";
  for (;;) {
    try {
      const news = await told("news", {});
      if (JSON.stringify(news) !== before) {
        before = JSON.stringify(news);
        heard(news);
      }
    } catch {
      lost();
    }
    await wait(EVERY);
  }
}
