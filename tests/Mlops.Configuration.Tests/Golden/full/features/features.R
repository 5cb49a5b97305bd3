cat("features\n")
