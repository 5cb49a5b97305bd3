# Serves the model: these functions are called for each request, which is CSV without a header, a line a penguin.

library(nnet)

columns <- c("island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex")

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
  data <- model$features(penguins)
  probabilities <- matrix(predict(model$model, data, type = "probs"), nrow = nrow(data), dimnames = list(NULL, model$model$lev))
  data.frame(species = colnames(probabilities)[max.col(probabilities, "first")], probability = apply(probabilities, 1, max))
}

# A line a penguin: its species and how probable that is.
output_fn <- function(predictions, accept) {
  list(paste0(sprintf("%s,%.4f\n", predictions$species, predictions$probability), collapse = ""), "text/csv")
}
