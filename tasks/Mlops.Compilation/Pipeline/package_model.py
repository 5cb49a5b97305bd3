"""Puts the code that answers into the model's archive, below code/, where serving containers look for it
(SageMaker inference toolkit: /opt/ml/model/code). The same model and code give the same bytes."""
import gzip
import os
import tarfile
from pathlib import Path

base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "processing"
code, model = base / "input/inference", base / "input/model/model.tar.gz"


def plain(entry):
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    return entry


target = base / "output/model/model.tar.gz"
with open(target, "wb") as file, gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
    with tarfile.open(model) as trained:
        for entry in sorted(trained.getmembers(), key=lambda e: e.name):
            name = os.path.normpath(entry.name)
            if name == "code" or name.startswith("code/"):
                continue  # Of an earlier packaging: the code that is given now counts.
            archive.addfile(plain(entry), trained.extractfile(entry) if entry.isfile() else None)
    for path in sorted(p for p in code.rglob("*") if p.is_file()):
        with open(path, "rb") as content:
            entry = tarfile.TarInfo(f"code/{path.relative_to(code).as_posix()}")
            entry.size, entry.mode = path.stat().st_size, 0o755
            archive.addfile(entry, content)
print(f"{target.stat().st_size} bytes")
