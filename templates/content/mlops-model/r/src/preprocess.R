# Cleans the penguins and splits them into those to train with and those to test with.

# /opt/ml in SageMaker's containers; on a laptop it is a folder of the run.
processing <- file.path(Sys.getenv("SAGEMAKER_BASE_DIR", "/opt/ml"), "processing")
target <- "TARGET_COLUMN"
#if (problemType == "regression")
numbers <- c("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
#else
numbers <- c("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
#endif
test_share <- 0.2

files <- sort(list.files(file.path(processing, "input/penguins"), "\\.csv$", recursive = TRUE, full.names = TRUE))
penguins <- do.call(rbind, lapply(files, read.csv, na.strings = "", stringsAsFactors = FALSE))

# A penguin that was not measured at all has nothing to learn from. Single gaps stay: the model fills them,
# because it must be able to do so when serving, too.
measured <- penguins[!is.na(penguins[[target]]) & rowSums(!is.na(penguins[numbers])) > 0, ]

# The fixed seed gives the same split every time: two runs can be compared, and later steps need not run again
#if (problemType == "binary_classification")
# when the data did not change. Each sex keeps its share in both files.
groups <- measured$sex
#else
# when the data did not change. Each species keeps its share in both files.
groups <- measured$species
#endif
set.seed(42)
of_test <- unlist(lapply(split(seq_len(nrow(measured)), groups), function(rows) sample(rows, round(length(rows) * test_share))))
test <- measured[sort(of_test), ]
train <- measured[-of_test, ]

write_csv <- function(rows, name) {
  write.csv(rows, file.path(processing, "output", name, paste0(name, ".csv")), row.names = FALSE, na = "", quote = FALSE)
}
write_csv(train, "train")
write_csv(test, "test")
cat(sprintf("%d penguins, %d dropped (not measured): %d to train with, %d to test with\n",
            nrow(penguins), nrow(penguins) - nrow(measured), nrow(train), nrow(test)))
