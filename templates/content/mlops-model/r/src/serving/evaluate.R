# Measures the trained model with penguins it has not seen, and writes SageMaker's report on its quality.

processing <- file.path(Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml"), "processing")
# R writes a space in the path of its program as ~+~.
here <- dirname(gsub("~+~", " ", sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)), fixed = TRUE))
source(file.path(here, "inference.R"))

folder <- tempfile()
untar(file.path(processing, "input/model/model.tar.gz"), exdir = folder)
model <- model_fn(folder)

test <- read.csv(file.path(processing, "input/test/test.csv"), na.strings = "", stringsAsFactors = FALSE)
#if (problemType == "regression")
errors <- test$TARGET_COLUMN - predict_fn(test[columns], model)$TARGET_COLUMN
metrics <- c(
  mae = mean(abs(errors)),
  mse = mean(errors^2),
  rmse = sqrt(mean(errors^2)),
  r2 = 1 - sum(errors^2) / sum((test$TARGET_COLUMN - mean(test$TARGET_COLUMN))^2))
#else
answers <- predict_fn(test[columns], model)
predicted <- answers$TARGET_COLUMN

classes <- sort(unique(c(test$TARGET_COLUMN, predicted)))
confusion <- table(factor(test$TARGET_COLUMN, classes), factor(predicted, classes))
hits <- diag(confusion)
# A class that is never predicted scores 0 and not 0/0.
ratio <- function(part, whole) ifelse(whole == 0, 0, part / whole)
#if (problemType == "binary_classification")
# Of the two classes the second in order counts as the positive one.
precision <- ratio(hits[[2]], sum(confusion[, 2]))
recall <- ratio(hits[[2]], sum(confusion[2, ]))
# The area under the ROC curve, by ranks (Mann and Whitney).
score <- ifelse(predicted == classes[2], answers$probability, 1 - answers$probability)
positive <- test$TARGET_COLUMN == classes[2]
metrics <- c(
  accuracy = sum(hits) / sum(confusion),
  precision = precision,
  recall = recall,
  f1 = ratio(2 * precision * recall, precision + recall),
  auc = (sum(rank(score)[positive]) - sum(positive) * (sum(positive) + 1) / 2) / (sum(positive) * sum(!positive)))
#else
precision <- ratio(hits, colSums(confusion))
recall <- ratio(hits, rowSums(confusion))
weights <- rowSums(confusion) / sum(confusion)
metrics <- c(
  accuracy = sum(hits) / sum(confusion),
  weighted_precision = sum(weights * precision),
  weighted_recall = sum(weights * recall),
  weighted_f1 = sum(weights * ratio(2 * precision * recall, precision + recall)))
#endif
#endif
cat(sprintf("%s=%.4f\n", names(metrics), metrics), sep = "")

# One test set gives one value per metric, and so no standard deviation.
quoted <- function(text) paste0('"', text, '"')
object <- function(names, values) paste0("{", paste0(quoted(names), ": ", values, collapse = ", "), "}")
#if (problemType == "regression")
report <- object(names(metrics), sprintf('{"value": %.17g, "standard_deviation": "NaN"}', metrics))
#else
rows <- apply(confusion, 1, function(counts) object(classes, counts))
report <- object(c(names(metrics), "confusion_matrix"), c(
  sprintf('{"value": %.17g, "standard_deviation": "NaN"}', metrics),
  object(classes, rows)))
#endif
writeLines(object("PROBLEM_TYPE_metrics", report), file.path(processing, "output/report/evaluation.json"))
