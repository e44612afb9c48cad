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

export async function control(action, value) {
  const answer = await fetch("control", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action, value }),
  });
  if (!answer.ok) throw new Trouble((await answer.json()).error);
}

// Calls `heard` with what the training is doing, again and again; `lost` while the server cannot be reached.
export function listen(heard, lost) {
  const source = new EventSource("live");
  source.onmessage = (message) => heard(JSON.parse(message.data));
  source.onerror = () => lost();
}
