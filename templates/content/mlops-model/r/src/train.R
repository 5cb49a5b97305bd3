# Trains MODEL_KIND that MODEL_TASK.

# /opt/ml in SageMaker's containers; on a laptop it is a folder of the run.
base <- Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml")

# Hyperparameters of config.yaml come as a file of strings.
hyperparameters <- jsonlite::fromJSON(file.path(base, "input/config/hyperparameters.json"))
weight_decay <- as.numeric(hyperparameters$weight_decay)

penguins <- read.csv(file.path(base, "input/data/train/train.csv"), na.strings = "", stringsAsFactors = FALSE)

# Gives the function that makes rows ready for the model. It carries what it learned from these rows, and is kept with the model:
# a request is made ready in the same way.
preparation <- function(penguins) {
#if (problemType == "regression")
  numbers <- c("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
  categories <- c("species", "island", "sex")
#elseif (problemType == "binary_classification")
  numbers <- c("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
  categories <- c("species", "island")
#else
  numbers <- c("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
  categories <- c("island", "sex")
#endif
  means <- sapply(penguins[numbers], mean, na.rm = TRUE)
  deviations <- sapply(penguins[numbers], sd, na.rm = TRUE)
  levels <- lapply(penguins[categories], function(column) sort(unique(column[!is.na(column)])))
  rm(penguins)

  function(rows) {
    columns <- lapply(numbers, function(name) {
      values <- as.numeric(rows[[name]])
      values[is.na(values)] <- means[[name]]
      (values - means[[name]]) / deviations[[name]]
    })
    # A category that is missing or was never seen says nothing: all its columns are 0.
    for (name in categories) {
      columns <- c(columns, lapply(levels[[name]], function(level) as.numeric(!is.na(rows[[name]]) & rows[[name]] == level)))
    }
    setNames(as.data.frame(columns), paste0("x", seq_along(columns)))
  }
}

features <- preparation(penguins)
#if (problemType == "regression")
x <- as.matrix(features(penguins))
y <- penguins$TARGET_COLUMN
# The intercept is the mean of what the weights leave, and is not drawn to 0 as they are.
centred <- sweep(x, 2, colMeans(x))
weights <- solve(crossprod(centred) + diag(weight_decay, ncol(x)), crossprod(centred, y - mean(y)))
model <- list(intercept = mean(y) - sum(colMeans(x) * weights), weights = weights)
saveRDS(list(model = model, features = features), file.path(base, "model/model.rds"))

# SageMaker collects metrics from lines of this form.
errors <- y - (model$intercept + as.vector(x %*% weights))
cat(sprintf("train:rmse=%.4f\n", sqrt(mean(errors^2))))
cat(sprintf("train:r2=%.4f\n", 1 - sum(errors^2) / sum((y - mean(y))^2)))
#else
data <- cbind(features(penguins), TARGET_COLUMN = factor(penguins$TARGET_COLUMN))
model <- nnet::multinom(TARGET_COLUMN ~ ., data, decay = weight_decay, maxit = 500, trace = FALSE)
saveRDS(list(model = model, features = features), file.path(base, "model/model.rds"))

# SageMaker collects metrics from lines of this form.
probabilities <- predict(model, data, type = "probs")
#if (problemType == "binary_classification")
# Of two classes it gives the second one's.
probabilities <- cbind(1 - probabilities, probabilities)
#endif
of_truth <- probabilities[cbind(seq_len(nrow(data)), as.integer(data$TARGET_COLUMN))]
cat(sprintf("train:log_loss=%.4f\n", -mean(log(pmax(of_truth, 1e-15)))))
cat(sprintf("train:accuracy=%.4f\n", mean(predict(model, data) == data$TARGET_COLUMN)))
#endif
