// The server's answers. Addresses are relative, so the token in the page's own address is in all of them.

export class Trouble extends Error {}

export async function ask(question, values = {}) {
  let answer;
  try {
    answer = await fetch(`${question}?${new URLSearchParams(values)}`);
  } catch {
    throw new Trouble("gone");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Trouble(told.error);
  return told;
}

export const send = (where, told) => post(where, "application/json", JSON.stringify(told));

// A file as it is.
export const sendFile = (where, file, values) => post(`${where}?${new URLSearchParams(values)}`, "application/octet-stream", file);

async function post(where, kind, body) {
  let answer;
  try {
    answer = await fetch(where, { method: "POST", headers: { "Content-Type": kind }, body });
  } catch {
    throw new Trouble("gone");
  }
  const heard = await answer.json();
  if (!answer.ok) throw new Trouble(heard.error);
  return heard;
}

export const control = (action, value) => send("control", { action, value });

// Calls `heard` with what the training is doing, again and again; `lost` while the server cannot be reached.
export function listen(heard, lost) {
  const source = new EventSource("live");
  source.onmessage = (message) => heard(JSON.parse(message.data));
  source.onerror = () => lost();
}
