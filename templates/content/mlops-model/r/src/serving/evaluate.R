# Measures the trained model with penguins it has not seen, and writes SageMaker's report on its quality.

processing <- file.path(Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml"), "processing")
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "inference.R"))

folder <- tempfile()
untar(file.path(processing, "input/model/model.tar.gz"), exdir = folder)
model <- model_fn(folder)

test <- read.csv(file.path(processing, "input/test/test.csv"), na.strings = "", stringsAsFactors = FALSE)
predicted <- predict_fn(test[columns], model)$species

species <- sort(unique(c(test$species, predicted)))
confusion <- table(factor(test$species, species), factor(predicted, species))
hits <- diag(confusion)
# A species that is never predicted scores 0 and not 0/0.
ratio <- function(part, whole) ifelse(whole == 0, 0, part / whole)
precision <- ratio(hits, colSums(confusion))
recall <- ratio(hits, rowSums(confusion))
weights <- rowSums(confusion) / sum(confusion)
metrics <- c(
  accuracy = sum(hits) / sum(confusion),
  weighted_precision = sum(weights * precision),
  weighted_recall = sum(weights * recall),
  weighted_f1 = sum(weights * ratio(2 * precision * recall, precision + recall)))
cat(sprintf("%s=%.4f\n", names(metrics), metrics), sep = "")

# One test set gives one value per metric, and so no standard deviation.
quoted <- function(text) paste0('"', text, '"')
object <- function(names, values) paste0("{", paste0(quoted(names), ": ", values, collapse = ", "), "}")
rows <- apply(confusion, 1, function(counts) object(species, counts))
report <- object(c(names(metrics), "confusion_matrix"), c(
  sprintf('{"value": %.17g, "standard_deviation": "NaN"}', metrics),
  object(species, rows)))
writeLines(object("multiclass_classification_metrics", report), file.path(processing, "output/report/evaluation.json"))
