"""Runs a notebook as 'python3 -m papermill INPUT OUTPUT --kernel NAME --parameters NAME VALUE ...' does, and keeps it as it was executed.

With papermill itself where it is installed; else with nbclient, which papermill runs notebooks with, too. Parameters come into a cell
after the one with the tag 'parameters', as papermill's documentation has it ("Parameterize").
"""
import argparse
import json
import os
import sys

# The kernel's debugger would warn of Python's own frozen modules, in every log.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def value_of(text):
    """As papermill reads -p: None, booleans and numbers are what they look like."""
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def literal(value, language):
    if language == "R":
        return {True: "TRUE", False: "FALSE", None: "NULL"}.get(value, json.dumps(value)) if value is None or isinstance(value, bool) else json.dumps(value)
    return repr(value)


def inject(notebook, parameters):
    import nbformat
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    assign = " <- " if language == "R" else " = "
    source = "# Parameters\n" + "".join(f"{name}{assign}{literal(value, language)}\n" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    cell.pop("id", None)  # Random, and the same run must give the same notebook.
    if notebook.nbformat_minor >= 5:
        cell["id"] = "injected-parameters"
    tagged = [i for i, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", [])]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def main():
    try:
        from papermill.cli import papermill
    except ImportError:
        papermill = None
    if papermill is not None:
        # Metrics are looked for in what the cells print.
        sys.argv.append("--log-output")
        return papermill()
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as e:
        raise SystemExit(f"To run a notebook, this Python needs papermill, or nbclient and ipykernel ({e}): python3 -m pip install papermill ipykernel")

    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--kernel", default="python3")
    parser.add_argument("--parameters", nargs=2, action="append", default=[])
    arguments = parser.parse_args()
    notebook = nbformat.read(arguments.input, as_version=4)
    if arguments.parameters:
        inject(notebook, {name: value_of(text) for name, text in arguments.parameters})
    failure = None
    try:
        NotebookClient(notebook, kernel_name=arguments.kernel, timeout=None, record_timing=False).execute()
    except CellExecutionError as e:
        failure = e
    nbformat.write(notebook, arguments.output)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                sys.stdout.write(output.text)
    if failure is not None:
        raise SystemExit(f"{failure.ename}: {failure.evalue}")


if __name__ == "__main__":
    main()
