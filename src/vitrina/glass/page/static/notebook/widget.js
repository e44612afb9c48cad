// The page in a notebook, in a frame of its own, so that neither's style is the other's: what it asks goes to the kernel.

export default {
  render({ model, el }) {
    const frame = document.createElement("iframe");
    frame.srcdoc = model.get("page");
    frame.style.cssText = `width:100%;height:${model.get("height")}px;border:0;border-radius:10px`;
    const { port1: port, port2: theirs } = new MessageChannel();
    const hear = (told) => port.postMessage(told);
    port.onmessage = ({ data }) => model.send(data);
    model.on("msg:custom", hear);
    frame.onload = () => frame.contentWindow.postMessage("vitrina", "*", [theirs]);
    el.append(frame);
    return () => {
      model.off("msg:custom", hear);
      port.close();
    };
  },
};
