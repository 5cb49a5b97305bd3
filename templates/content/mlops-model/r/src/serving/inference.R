# Serves the model: these functions are called for each request, which is CSV without a header, a line a penguin.

#if (problemType != "regression")
library(nnet)

#endif
#if (problemType == "regression")
columns <- c("species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex")
#elseif (problemType == "binary_classification")
columns <- c("species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
#else
columns <- c("island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex")
#endif

# Loads the model, once.
model_fn <- function(model_dir) readRDS(file.path(model_dir, "model.rds"))

input_fn <- function(body, content_type) {
  penguins <- read.csv(text = body, header = FALSE, na.strings = "", stringsAsFactors = FALSE)
  if (ncol(penguins) != length(columns)) {
    stop(sprintf("a line must have %d values (%s), not %d", length(columns), paste(columns, collapse = ", "), ncol(penguins)))
  }
  setNames(penguins, columns)
}

predict_fn <- function(penguins, model) {
#if (problemType == "regression")
  data.frame(TARGET_COLUMN = model$model$intercept + as.vector(as.matrix(model$features(penguins)) %*% model$model$weights))
#else
  data <- model$features(penguins)
#if (problemType == "binary_classification")
  # Of two classes nnet gives the second one's probability.
  second <- predict(model$model, data, type = "probs")
  probabilities <- matrix(c(1 - second, second), nrow = nrow(data), dimnames = list(NULL, model$model$lev))
#else
  probabilities <- matrix(predict(model$model, data, type = "probs"), nrow = nrow(data), dimnames = list(NULL, model$model$lev))
#endif
  data.frame(TARGET_COLUMN = colnames(probabilities)[max.col(probabilities, "first")], probability = apply(probabilities, 1, max))
#endif
}

#if (problemType == "regression")
# A line a penguin: its body mass in grams.
output_fn <- function(predictions, accept) {
  list(paste0(sprintf("%.1f\n", predictions$TARGET_COLUMN), collapse = ""), "text/csv")
}
#else
# A line a penguin: its TARGET_COLUMN and how probable that is.
output_fn <- function(predictions, accept) {
  list(paste0(sprintf("%s,%.4f\n", predictions$TARGET_COLUMN, predictions$probability), collapse = ""), "text/csv")
}
#endif
