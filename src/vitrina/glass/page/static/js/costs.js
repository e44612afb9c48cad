// What the costs are called in the reader's language.

import { t } from "./text.js";

export function costName(name) {
  const names = {
    mean_squared_error: t("mean squared error"), mean_absolute_error: t("mean absolute error"), cross_entropy: t("cross entropy"), binary_cross_entropy: t("binary cross entropy"),
    focal: t("focal"), quantile: t("quantile"),
  };
  return names[name] ?? name.replaceAll("_", " ");
}
