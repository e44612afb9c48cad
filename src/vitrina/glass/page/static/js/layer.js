// What a layer does that has no neurons with weights of their own to be shown: in the place of a neuron's arithmetic.

import { $, fill, make } from "./dom.js";
import { joined } from "./network.js";
import { t } from "./text.js";

export function showLayer(layer) {
  delete $("#neuron").dataset.neuron;
  fill($("#neuron"), make("h2", {}, layer.kind === "Input" ? t("input") : layer.title), make("p", { class: "quiet", style: "margin-top:8px" }, does(layer)));
}

function does(layer) {
  const { kind, joins, activation } = layer;
  if (joins) return t("Ways meet here again: what they give together is their {how}.", { how: joined(layer) });
  if (/^MaxPool/.test(kind)) return t("Of each small window it hands on the largest value. It has no weights.");
  if (/^AveragePool/.test(kind)) return t("Of each small window it hands on the mean. It has no weights.");
  const sentences = {
    Input: () => t("Here the example goes in, as the numbers that the network sees. Nothing is worked out yet."),
    GlobalAveragePool: () => t("It hands on the mean over all places. It has no weights."),
    Activation: () => t("It puts every value through {activation}. It has no weights.", { activation }),
    BatchNorm: () => t("It brings each value to mean 0 and standard deviation 1 over the batch, and then multiplies it by a learned number and adds another."),
    LayerNorm: () => t("It brings the values of each example to mean 0 and standard deviation 1, and then multiplies each by a learned number and adds another."),
    RMSNorm: () => t("It divides the values of each example by their usual size, and then multiplies each by a learned number."),
    Embedding: () => t("It looks each token up in a table: the row of numbers that stands there is what it hands on, and what is learned."),
    PositionalEmbedding: () => t("To each step it adds a learned row of numbers that tells its place."),
    TableInput: () => t("It gives every column of the table the form in which it is learned from: numbers as numbers, categories as learned rows of numbers."),
    LSTM: () => t("It reads step by step and keeps a memory. Gates, which are learned, decide what is kept, what is forgotten and what is handed on."),
    GRU: () => t("It reads step by step and keeps a memory. Gates, which are learned, decide what is kept and what is forgotten."),
    Attention: () => t("Each step looks at all of them, and takes from each as much as the picture shows: a row for the one that looks, a column for the one that is looked at."),
    EnsembleMean: () => t("It gives the mean of what all members say."),
  };
  return (sentences[kind] ?? (() => t("It has no weighted sum to be shown.")))();
}
