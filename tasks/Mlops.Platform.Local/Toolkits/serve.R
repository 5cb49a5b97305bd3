# Serves a script by the contract of SageMaker's inference toolkit, in R's words, with httpuv.
#
# The script, SAGEMAKER_PROGRAM in SAGEMAKER_SUBMIT_DIRECTORY, has model_fn(model_dir) and may have input_fn(body, content_type),
# predict_fn(data, model) and output_fn(prediction, accept). CSV (without a header), JSON and NPY have defaults; JSON needs jsonlite.
# output_fn gives text, or a list of text or raw bytes and their content type.

fail <- function(...) {
  message(...)
  quit(status = 1)
}

if (!requireNamespace("httpuv", quietly = TRUE)) {
  fail("To serve an R script, R needs the package httpuv: install.packages(c('httpuv', 'jsonlite')).")
}

refuse <- function(kind, text) stop(structure(class = c(kind, "error", "condition"), list(message = text, call = NULL)))

# 415: the script has no function for it, and the defaults do not read or write it.
unsupported <- function(text) refuse("unsupported", text)

# 400: the body is not what its content type says.
readable <- function(expression, content_type) {
  tryCatch(expression, unsupported = function(e) stop(e), error = function(e) refuse("unreadable", paste0("The body is no ", content_type, ": ", conditionMessage(e))))
}

kind_of <- function(type) tolower(trimws(strsplit(paste0(type, ";"), ";")[[1]][1]))

# NumPy's format: "NumPy Enhancement Proposal 1, A Simple File Format for NumPy Arrays". Numbers of one or two dimensions; written as float64.
npy_magic <- as.raw(c(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59))

read_npy <- function(bytes) {
  if (length(bytes) < 10 || !identical(bytes[1:6], npy_magic)) stop("it is no array of NumPy's format.")
  start <- if (bytes[7] == as.raw(1)) 10 else 12
  size <- sum(as.integer(bytes[9:start]) * 256^(seq_len(start - 8) - 1))
  header <- rawToChar(bytes[start + seq_len(size)])
  field <- function(pattern) regmatches(header, regexec(pattern, header))[[1]][-1]
  type <- field("'descr': *'([<>|=]?)([a-z])([0-9]+)'")
  shape <- as.integer(Filter(nzchar, trimws(strsplit(field("'shape': *\\(([^)]*)\\)"), ",")[[1]])))
  if (length(type) != 3 || !type[2] %in% c("f", "i", "u", "b") || length(shape) > 2) {
    unsupported("The array is none of numbers in one or two dimensions; write an input_fn.")
  }

  count <- prod(shape)
  values <- readBin(bytes[-seq_len(start + size)], if (type[2] == "f") "numeric" else "integer", count, as.integer(type[3]),
    signed = type[2] == "i" || as.integer(type[3]) > 2, endian = if (type[1] == ">") "big" else "little")
  if (length(values) < count) stop("the array ends before its shape says.")
  if (length(shape) < 2) values else matrix(values, shape[1], shape[2], byrow = grepl("'fortran_order': *False", header))
}

write_npy <- function(prediction) {
  values <- as.matrix(prediction)
  shape <- if (is.null(dim(prediction))) paste0(length(values), ",") else paste0(nrow(values), ", ", ncol(values))
  header <- paste0("{'descr': '<f8', 'fortran_order': True, 'shape': (", shape, "), }")
  # Magic, version, length and header together are a multiple of 64 bytes.
  header <- paste0(header, strrep(" ", (64 - (10 + nchar(header) + 1) %% 64) %% 64), "\n")
  c(npy_magic, as.raw(c(1, 0, nchar(header) %% 256, nchar(header) %/% 256)), charToRaw(header), writeBin(as.numeric(values), raw(), 8, endian = "little"))
}

default_input <- function(body, content_type) {
  if (kind_of(content_type) == "application/json") loadNamespace("jsonlite")
  readable(switch(kind_of(content_type),
    "text/csv" = read.csv(text = body, header = FALSE),
    "application/json" = jsonlite::fromJSON(body),
    "application/x-npy" = read_npy(body),
    unsupported(paste0("The content type '", content_type, "' has no default; write an input_fn."))), content_type)
}

default_predict <- function(data, model) predict(model, data)

default_output <- function(prediction, accept) {
  switch(kind_of(accept),
    "text/csv" = list(paste0(paste(utils::capture.output(write.table(prediction, sep = ",", row.names = FALSE, col.names = FALSE, quote = FALSE)), collapse = "\n"), "\n"), "text/csv"),
    "application/json" = list(as.character(jsonlite::toJSON(prediction, auto_unbox = TRUE)), "application/json"),
    "application/x-npy" = list(write_npy(prediction), "application/x-npy"),
    unsupported(paste0("The accept type '", accept, "' has no default; write an output_fn.")))
}

script <- new.env()
sys.source(file.path(Sys.getenv("SAGEMAKER_SUBMIT_DIRECTORY"), Sys.getenv("SAGEMAKER_PROGRAM")), envir = script, chdir = TRUE)
if (!exists("model_fn", script, inherits = FALSE)) {
  fail(Sys.getenv("SAGEMAKER_PROGRAM"), " has no model_fn(model_dir), which loads the model.")
}

of_script <- function(name, default) if (exists(name, script, inherits = FALSE)) get(name, script) else default
input_fn <- of_script("input_fn", default_input)
predict_fn <- of_script("predict_fn", default_predict)
output_fn <- of_script("output_fn", default_output)
model <- script$model_fn(Sys.getenv("SM_MODEL_DIR"))

reply <- function(status, body, type = "text/plain") list(status = status, headers = list("Content-Type" = type), body = body)

answer <- function(request) {
  body <- request$rook.input$read()
  content_type <- if (is.null(request$CONTENT_TYPE)) Sys.getenv("SAGEMAKER_DEFAULT_INVOCATIONS_CONTENT_TYPE", "application/json") else request$CONTENT_TYPE
  accept <- if (is.null(request$HTTP_ACCEPT)) "*/*" else request$HTTP_ACCEPT
  if (kind_of(strsplit(accept, ",")[[1]][1]) %in% c("*/*", "")) accept <- Sys.getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
  # Text comes as text, anything else as bytes.
  if (grepl("^text/|json$", kind_of(content_type))) {
    body <- readable(rawToChar(body), content_type)
    Encoding(body) <- "UTF-8"
  }

  result <- output_fn(predict_fn(input_fn(body, content_type), model), accept)
  if (is.list(result)) reply(200L, result[[1]], result[[2]]) else reply(200L, result, accept)
}

app <- list(call = function(request) {
  if (request$PATH_INFO == "/ping") return(reply(200L, ""))
  if (request$PATH_INFO != "/invocations" || request$REQUEST_METHOD != "POST") return(reply(404L, ""))
  tryCatch(
    answer(request),
    unsupported = function(e) reply(415L, conditionMessage(e)),
    unreadable = function(e) reply(400L, conditionMessage(e)),
    error = function(e) {
      message(conditionMessage(e))
      reply(500L, conditionMessage(e))
    })
})

httpuv::runServer(Sys.getenv("SAGEMAKER_BIND_TO_ADDRESS", "127.0.0.1"), as.integer(Sys.getenv("SAGEMAKER_BIND_TO_PORT")), app)
