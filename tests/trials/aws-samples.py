#!/usr/bin/env python3
"""Runs sample programs of AWS, as published, with `mlops run` (Linux).

usage: aws-samples.py --root DIR [--python python3] [--only NAME] [--keep] MLOPS...      e.g. aws-samples.py --root ~/aws dotnet artifacts/bin/Mlops.Host/release/mlops.dll

DIR holds checkouts of AWS's repositories by their names (DIR/amazon-sagemaker-examples/...); what is not there is skipped, and so is a program
that imports what --python lacks. Data is made up. The definitions are those that SageMaker's Python SDK would write: the code as an input of
the job, script mode by hyperparameters in JSON, property files, conditions, models, transforms. Exit code 1 if one does not end as it should.
"""
import argparse, csv, io, json, os, pathlib, random, shutil, subprocess, sys, tarfile, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--root", type=lambda p: pathlib.Path(p).resolve(), required=True)
parser.add_argument("--python", default="python3", help="has numpy, pandas, sklearn and xgboost")
parser.add_argument("--only", default="", help="trials whose names begin so")
parser.add_argument("--keep", action="store_true", help="leave the folder")
parser.add_argument("mlops", nargs="+")
options = parser.parse_args()
mlops = [os.path.abspath(a) if os.path.exists(a) else a for a in options.mlops]
work, python, rng = pathlib.Path(tempfile.mkdtemp(prefix="mlops-aws-")), shutil.which(options.python), random.Random(1)
# A definition has no 'local.interpreters': its programs start with the python3 of PATH, and some of them 'python'.
(work / "bin").mkdir()
for name in ("python", "python3"):
    (work / "bin" / name).write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    (work / "bin" / name).chmod(0o755)
environment = {**os.environ, "PATH": f"{work / 'bin'}:{os.environ['PATH']}"}

REGISTRY, ROLE = "683313688378.dkr.ecr.us-east-1.amazonaws.com", "arn:aws:iam::111122223333:role/any"
SKLEARN, XGBOOST = f"{REGISTRY}/sagemaker-scikit-learn:1.2-1-cpu-py3", f"{REGISTRY}/sagemaker-xgboost:1.7-1"
PICKLING_XGBOOST = f"{REGISTRY}/sagemaker-xgboost:1.0-1-cpu-py3"  # Whose models the evaluation scripts read.
OWN_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/decision-trees:latest"
EXAMPLES, LOCAL, SDK, BYO, DAY = "amazon-sagemaker-examples", "amazon-sagemaker-local-mode", "sagemaker-python-sdk", "ai-ml-sagemaker-multi-model-pipeline", "amazon-sagemaker-immersion-day"
ABALONE, SCHEDULED = f"{EXAMPLES}/sagemaker-pipelines/sagemaker-pipelines-train-register-transform/code", f"{EXAMPLES}/sagemaker-pipelines/tabular/sklearn-scheduled-training-and-inference"
CREDIT = f"{DAY}/sagemaker-clarify/amazon-sagemaker-credit-risk-prediction-explainability-bias-detection"
DRIVERS = f"{SDK}/src/sagemaker/modules/train/container_drivers"


class Skipped(Exception):
    pass


def get(path):
    return {"Get": path}


def join(*parts):
    return {"Std:Join": {"On": "/", "Values": list(parts)}}


def output_of(step, name):
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


MODEL = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")


def table(rows, header=None):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(([header.split()] if header else []) + rows)
    return text.getvalue()


def numbers(count, columns, label=None):
    """Rows of random numbers; a label, of the others, stands first."""
    rows = [[round(rng.random(), 4) for _ in range(columns)] for _ in range(count)]
    return [[label(r)] + r for r in rows] if label else rows


def near(value, low, high):
    assert low <= value <= high, f"{value} is not between {low} and {high}"


class Trial:
    """A folder with what a definition reads, its steps, and what a run of them left."""

    def __init__(self, name):
        self.folder, self.output, self.steps = work / name, "", []
        self.bucket, self.sources = f"s3://{name}", {f"s3://{name}/given": work / name / "given"}
        (self.folder / "given").mkdir(parents=True)

    def program(self, path, module=None):
        if not (options.root / path).is_file():
            raise Skipped(f"{path} is not there")
        if module and subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
            raise Skipped(f"{module} is not installed")
        return options.root / path

    def given(self, path, content):
        """Puts a file where the definition reads it; gives its URI."""
        file = self.folder / "given" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return f"{self.bucket}/given/{path}"

    def archive(self, path, files):
        """A tar.gz of files, by their names in it."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name, file in files.items():
                tar.add(file, name)
        return self.given(path, content.getvalue())

    def processing(self, name, program, inputs, outputs, arguments=(), report=None):
        """inputs and outputs: folders below /opt/ml/processing, with what is read, and by the outputs' names. report: the file of the last output that is a property file."""
        code = f"{self.bucket}/{name}/input/code/{program.name}"
        self.sources[code] = program
        data = [(f"input-{i}", uri, f"/opt/ml/processing/{path}") for i, (path, uri) in enumerate(inputs.items(), 1)] + [("code", code, "/opt/ml/processing/input/code")]
        step = {"Name": name, "Type": "Processing", "Arguments": {
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}}, "RoleArn": ROLE,
            "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["python3", f"/opt/ml/processing/input/code/{program.name}"]} | ({"ContainerArguments": list(arguments)} if arguments else {}),
            "ProcessingInputs": [{"InputName": n, "AppManaged": False, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}} for n, uri, path in data],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": n, "AppManaged": False, "S3Output": {
                "S3Uri": join("s3:/", self.bucket[5:], get("Execution.PipelineExecutionId"), name, "output", n), "LocalPath": f"/opt/ml/processing/{path}", "S3UploadMode": "EndOfJob"}} for n, path in outputs.items()]}}}
        if report:
            step["PropertyFiles"] = [{"PropertyFileName": "Report", "OutputName": list(outputs)[-1], "FilePath": report}]
        self.steps.append(step)

    def training(self, image, channels, hyperparameters, metrics=None, script=None, **algorithm):
        """script: the files of sourcedir.tar.gz, its program first."""
        if script:
            own = {"sagemaker_program": next(iter(script)), "sagemaker_submit_directory": self.archive("source/sourcedir.tar.gz", script), "sagemaker_container_log_level": 20, "sagemaker_region": "us-east-1", "sagemaker_job_name": "train"}
            hyperparameters = {n: json.dumps(v) for n, v in (hyperparameters | own).items()}
        if metrics:
            algorithm["MetricDefinitions"] = [{"Name": n, "Regex": r} for n, r in metrics.items()]
        self.steps.append({"Name": "Train", "Type": "Training", "Arguments": {
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"} | algorithm, "RoleArn": ROLE, "HyperParameters": hyperparameters,
            "OutputDataConfig": {"S3OutputPath": self.bucket}, "StoppingCondition": {"MaxRuntimeInSeconds": 86400}, "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30},
            "InputDataConfig": [{"ChannelName": c, "ContentType": "text/csv", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}}} for c, uri in channels.items()]}})

    def container(self, image, data, script=None, **variables):
        if script:
            uri = self.archive(f"serve/{len(list(self.folder.glob('given/serve/*')))}/sourcedir.tar.gz", script)
            variables |= {"SAGEMAKER_PROGRAM": next(iter(script)), "SAGEMAKER_SUBMIT_DIRECTORY": uri, "SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "SAGEMAKER_REGION": "us-east-1"}
        return {"Image": image, "Environment": variables} | ({"ModelDataUrl": data} if data else {})

    def model(self, *containers):
        self.steps.append({"Name": "Model", "Type": "Model", "Arguments": {"ExecutionRoleArn": ROLE} | ({"Containers": containers} if len(containers) > 1 else {"PrimaryContainer": containers[0]})})

    def transform(self, records, kind="csv", accept="csv", **others):
        data = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self.given("records/a", records)}}, **({"ContentType": "text/csv", "SplitType": "Line"} if kind == "csv" else {"ContentType": "application/json"})}
        self.steps.append({"Name": "Transform", "Type": "Transform", "Arguments": {
            "ModelName": get("Steps.Model.ModelName"), "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge"}, "TransformInput": data,
            "TransformOutput": {"S3OutputPath": f"{self.bucket}/transformed", "Accept": "text/csv" if accept == "csv" else "application/json", "AssembleWith": "Line"}} | others})

    def condition(self, kind, path, limit, rest):
        """The steps after the first 'rest' run where the report holds it; else the run fails."""
        value = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"), "Path": path}}
        self.steps[rest:] = [{"Name": "Good", "Type": "Condition", "Arguments": {"Conditions": [{"Type": kind, "LeftValue": value, "RightValue": limit}],
            "IfSteps": self.steps[rest:], "ElseSteps": [{"Name": "Bad", "Type": "Fail", "Arguments": {"ErrorMessage": "It is not good enough."}}]}}]

    def mlops(self, *arguments):
        done = subprocess.run([*mlops, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.output = done.stdout + done.stderr
        return done.returncode == 0

    def run(self, *more):
        (self.folder / "pipeline.json").write_text(json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": self.steps}, indent=1))
        return self.mlops("run", "pipeline.json", "--yes", *(a for uri, path in self.sources.items() for a in ("--source", f"{uri}={path}")), *more)

    def succeed(self, *more):
        assert self.run(*more), f"the run failed:\n{self.output}"

    def file(self, pattern):
        """The only file of that form in the bucket."""
        found = list((self.folder / ".mlops/s3" / self.bucket[5:]).glob(pattern))
        assert len(found) == 1, f"{pattern}: {len(found)} files, and not one"
        return found[0]

    def value(self, pattern, *path):
        value = json.loads(self.file(pattern).read_text())
        for name in path:
            value = value[name]
        return value

    def members(self, archive="model"):
        with tarfile.open(self.file(f"*-Train/output/{archive}.tar.gz")) as tar:
            return sorted(m.name.removeprefix("./") for m in tar.getmembers() if m.isfile())

    def answers(self):
        return [json.loads(line) for line in self.file("transformed/*.out").read_text().splitlines()]

    def metric(self, name):
        self.mlops("runs", "--json")
        return json.loads(self.output.splitlines()[0])["Metrics"][name]


class Samples(Trial):
    """Each method is a trial; the numbers are those of the samples' index."""

    def iris(self, **more):  # 1: script mode, and model_fn alone
        script = self.program(f"{EXAMPLES}/sagemaker-python-sdk/scikit_learn_iris/scikit_learn_iris.py")
        self.training(SKLEARN, {"train": self.given("iris/iris.csv", table(numbers(150, 4, lambda r: int(r[0] * 3))))}, {"max_leaf_nodes": 30} | more, script={script.name: script})
        self.model(self.container(SKLEARN, MODEL, {script.name: script}))
        self.transform(table([[0.1, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0.9, 0.5, 0.5, 0.5]]))
        self.succeed()
        assert self.members() == ["model.joblib"] and self.answers() == [0, 1, 2], (self.members(), self.answers())

    def iris_paths(self):  # 1: folders by hyperparameters, as Hugging Face's notebooks say output_dir
        self.iris(**{"model-dir": "/opt/ml/model", "output-data-dir": "/opt/ml/output/data"})

    def fraud(self):  # 2: metrics by regular expressions, /opt/ml/output/data
        script = self.program(f"{EXAMPLES}/end_to_end/xgboost_starter_script.py")
        self.training(XGBOOST, {"train": self.given("fraud/train.csv", table(numbers(300, 4, lambda r: int(r[0] > 0.5)), "fraud a b c d"))}, {"num_round": 30, "objective": "binary:logistic"},
                      {"validation:auc": r"\[1\]#011validation-auc:(\S+)"}, {script.name: script})
        self.succeed()
        assert self.members() == ["xgboost-model"] and self.members("output") == ["metrics.json"]
        near(self.metric("validation:auc"), 0.8, 1)

    def abalone(self, evaluation=f"{ABALONE}/evaluation.py", prepares=True):  # 3: the pipeline of the developer guide
        evaluation = self.program(evaluation)
        if prepares:
            rows = [[rng.choice("MFI")] + r + [round(r[0] * 10 + r[6] * 8 + 1)] for r in numbers(300, 7)]
            self.processing("Preprocess", self.program(f"{ABALONE}/preprocessing.py", "requests"), {"input": self.given("abalone/abalone-dataset.csv", table(rows))}, {n: n for n in ("train", "validation", "test")})
            train, validation, test = (output_of("Preprocess", n) for n in ("train", "validation", "test"))
        else:
            train, validation, test = (self.given(f"{n}/{n}.csv", table(numbers(100, 10, lambda r: round(r[0] * 10 + r[6] * 8)))) for n in ("train", "validation", "test"))
        self.training(PICKLING_XGBOOST, {"train": train, "validation": validation}, {"objective": "reg:squarederror", "num_round": "50", "max_depth": "5"})
        self.processing("Evaluate", evaluation, {"model": MODEL, "test": test}, {"evaluation": "evaluation"}, report="evaluation.json")
        self.model(self.container(PICKLING_XGBOOST, MODEL))
        self.transform(table(numbers(5, 10)))
        self.condition("LessThanOrEqualTo", "regression_metrics.mse.value", 6.0, -2)
        self.succeed()
        near(self.value("*/Evaluate/output/evaluation/evaluation.json", "regression_metrics", "mse", "value"), 0, 6)
        near(self.metric("validation:rmse"), 0, 3)
        assert len(self.answers()) == 5

    def abalone_evaluation(self):  # 3 without the preprocessing, which imports requests
        self.abalone(prepares=False)

    def sdk_evaluation(self):  # 4
        self.abalone(f"{SDK}/tests/data/workflow/abalone/evaluation.py", prepares=False)

    def folds(self):  # 5: a library beside the program, and the XGBoost container's defaults around model_fn: a DMatrix is predicted
        script = self.program(f"{EXAMPLES}/sagemaker-script-mode/xgboost_script/train_deploy_xgboost_with_dependencies.py")
        files = {script.name: script, "my_custom_library": self.program(f"{EXAMPLES}/sagemaker-script-mode/my_custom_library/__init__.py").parent}
        self.training(XGBOOST, {"train": self.given("reg/train.csv", table(numbers(200, 6, lambda r: round(r[0] * 3, 3))))}, {"num_round": 10, "K": 5, "eta": 0.3}, {"rmse": r"RMSE average across folds: (\S+)"}, files)
        self.model(self.container(XGBOOST, MODEL, files))
        self.transform(table(numbers(4, 6)))
        self.succeed()
        near(self.metric("rmse"), 0, 1)
        assert len(self.answers()) == 4

    def scheduled(self):  # 6: three outputs become three channels; predict_fn with the defaults around it
        script = self.program(f"{SCHEDULED}/training.py")
        data = self.given("data/data.csv", table([r[1:] + r[:1] for r in numbers(300, 4, lambda r: int(r[0] > 0.5))], "x1 x2 x3 x4 y"))
        self.processing("Preprocess", self.program(f"{SCHEDULED}/preprocessing.py"), {"input": data}, {n: f"output/{n}" for n in ("train", "test", "pipeline")}, ["--filename", "data.csv", "--outputpath", "/opt/ml/processing/output/"])
        self.training(SKLEARN, {n: output_of("Preprocess", n) for n in ("train", "test", "pipeline")}, {"n-estimators": 20, "min-samples-leaf": 2}, {"accuracy": r"Model Accuracy: (\S+)"}, {script.name: script})
        self.model(self.container(SKLEARN, MODEL, {script.name: script}))
        self.transform(table([[0.9, 0.1, 0.1, 0.1], [0.1, 0.5, 0.5, 0.5]]), DataProcessing={"JoinSource": "Input", "OutputFilter": "$[0,-1]"})
        self.succeed()
        near(self.metric("accuracy"), 0.8, 1)
        assert self.members() == ["model.joblib", "preproc.joblib"] and self.file("transformed/*.out").read_text() == "0.9,1\n0.1,0\n", self.file("transformed/*.out").read_text()

    def scaler(self):  # 7: a model.tar.gz that a processing job writes; it writes into its working directory, too
        names = "longitude latitude housingMedianAge totalRooms totalBedrooms population households medianIncome medianHouseValue"
        script = self.program(f"{EXAMPLES}/sagemaker-pipelines/register-serial-inference-pipeline/code/preprocess.py")
        self.processing("Preprocess", script, {"input": self.given("raw/raw_data_all.csv", table(numbers(100, 9), names))}, {n: n for n in ("train", "test", "scaler_model")})
        self.succeed()
        assert self.file("*/Preprocess/output/train/train.csv").read_text().startswith(names.replace(" ", ",")) and self.file("*/Preprocess/output/scaler_model/model.tar.gz")

    def all_functions(self):  # 8: model_fn, input_fn, predict_fn, and an output_fn that gives a dict
        script = self.program(f"{EXAMPLES}/sagemaker-script-mode/sklearn/train.py", "boto3")
        rows = [r + [f"class {int(r[0] * 3)}", int(r[0] * 3)] for r in numbers(150, 4)]
        self.training(SKLEARN, {"train": self.given("iris/train.csv", table(rows, "a b c d class class_cat"))}, {"estimators": 10}, script={script.name: script})
        self.model(self.container(SKLEARN, MODEL, {script.name: script}))
        self.transform('{"Input": [[0.9, 0.5, 0.5, 0.5]]}', "json", "json")
        self.succeed()
        assert self.answers() == [{"Output": 2}], self.answers()

    def contract(self, entry="train.py"):  # 9: AWS's own test of hyperparameters, as ModelTrainer hands them over: the SDK's drivers are a channel
        script, drivers = self.program(f"{SDK}/tests/data/modules/params_script/{entry}"), self.program(f"{DRIVERS}/scripts/environment.py").parent.parent
        for folder, name in ((script.parent, "code"), (drivers, "sm_drivers")):
            shutil.copytree(folder, self.folder / "given" / name, ignore=shutil.ignore_patterns("__pycache__"))
        driver = next(drivers.rglob("basic_script_driver.py")).relative_to(drivers)
        self.given("sm_drivers/sm_train.sh", "#!/bin/bash\nset -e\npython3 /opt/ml/input/data/sm_drivers/scripts/environment.py\nsource /opt/ml/input/sm_training.env\n"
                   f"export SM_ENTRY_SCRIPT={entry}\ncd /opt/ml/input/data/code\npython3 /opt/ml/input/data/sm_drivers/{driver}\n")  # As TRAIN_SCRIPT_TEMPLATE makes it.
        values = {n: v if isinstance(v, str) else json.dumps(v) for n, v in json.loads((script.parent / "hyperparameters.json").read_text()).items()}
        start = "/opt/ml/input/data/sm_drivers/sm_train.sh"
        self.training(SKLEARN, {n: f"{self.bucket}/given/{n}" for n in ("code", "sm_drivers")}, values, ContainerEntrypoint=["/bin/bash"], ContainerArguments=["-c", f"chmod +x {start} && {start}"])
        self.succeed()
        assert self.mlops("logs", "Train") and "Test passed." in self.output, self.output

    def contract_shell(self):  # 9: a shell script
        self.contract("train.sh")

    def contract_script_mode(self, entry="train.py"):  # 9 by the training toolkit: it says --boolean True, which the program does not read. So it fails, here as there
        script = self.program(f"{SDK}/tests/data/modules/params_script/{entry}")
        self.training(SKLEARN, {}, json.loads((script.parent / "hyperparameters.json").read_text()), script={entry: script} | {f.name: f for f in script.parent.iterdir()})
        assert not self.run() and "argument --boolean: invalid <lambda> value: 'True'" in self.output, self.output

    def contract_shell_script_mode(self):
        self.contract_script_mode("train.sh")

    def california(self):  # 10: two channels; answers in JSON
        script = self.program(f"{LOCAL}/scikit_learn_script_mode_local_training_and_serving/code/scikit_learn_california.py")
        channels = {n: self.given(f"{n}/{n}.csv", table(numbers(200, 8, lambda r: round(r[0] * 3, 3)))) for n in ("train", "validation")}
        self.training(SKLEARN, channels, {"max_leaf_nodes": 30}, {"rmse": r"RMSE: (\S+)"}, {script.name: script})
        self.model(self.container(SKLEARN, MODEL, {script.name: script}))
        self.transform(table(numbers(3, 8)), accept="json")
        self.succeed()
        near(self.metric("rmse"), 0, 0.5)
        assert [len(a) for a in self.answers()] == [3], self.answers()

    def no_artifact(self):  # 11: predict_fn gives a scalar
        script = self.program(f"{LOCAL}/scikit_learn_script_mode_local_serving_no_model_artifact/code/inference.py")
        self.model(self.container(SKLEARN, None, {script.name: script}))
        self.transform("[1, 2, 3.5]", "json", "json")
        self.succeed()
        near(self.answers()[0], 2.16, 2.17)

    def many_models(self):  # 12: the code travels with the model
        script = self.program(f"{LOCAL}/scikit_learn_script_mode_local_serving_multiple_models_with_one_invocation/code/inference.py")
        make = "import joblib, numpy as np; from sklearn.linear_model import LinearRegression as R; [joblib.dump(R().fit(np.eye(6), np.arange(6) * k + 1), f'model_{k}.joblib') for k in (1, 2)]"
        subprocess.run([python, "-c", make], cwd=self.folder, check=True)
        data = self.archive("model/model.tar.gz", {f"model_{k}.joblib": self.folder / f"model_{k}.joblib" for k in (1, 2)} | {"code/inference.py": script})
        self.model(self.container(SKLEARN, data, SAGEMAKER_PROGRAM="inference.py", SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/model/code"))
        self.transform("[1, 1, 1, 1, 1, 1]", "json", "json")
        self.succeed()
        near(self.answers()[0][0], 1, 100)

    def words(self):  # 13: an input of several files, arguments
        script = self.program(f"{LOCAL}/scikit_learn_bring_your_own_container_local_processing/processing_script.py")
        self.given("words/a.txt", "one two three\n"), self.given("words/b.txt", "four\n")
        self.processing("Count", script, {"input_data": f"{self.bucket}/given/words"}, {"processed": "processed_data"}, ["job-type", "word-count"])
        self.succeed()
        assert self.file("*/Count/output/processed/*.txt").read_text() == "Total Words: 4"

    def trees(self, script=None, more=()):  # 14: a container's own program, which reads /opt/ml; its code is a channel, as container_entry_point of an Estimator wants it
        own = {} if script else {"ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/train"]}
        data = {n: self.given(f"{n}/test.csv", table(numbers(200, 4, lambda r: int(r[0] > 0.5)))) for n in ("training", "validation")}
        if own:
            data["code"] = self.given("code/train", self.program(f"{BYO}/container/decision_trees/train").read_bytes())
        self.training(OWN_IMAGE, data, {"max_leaf_nodes": "8"}, {"auc": r"auc:(\S+)"}, **own)
        self.processing("Evaluate", self.program(f"{BYO}/sagemaker-pipeline/pipelines/diabetes/dtree_evaluate.py"), {"model": MODEL, "test": data["validation"]}, {"evaluation": "evaluation"}, report="dtree_evaluation.json")
        self.condition("GreaterThanOrEqualTo", "regression_metrics.roc.value", 0.8, 2)
        self.succeed(*more)
        near(self.metric("auc"), 0.8, 1)
        near(self.value("*/Evaluate/output/evaluation/dtree_evaluation.json", "regression_metrics", "acc", "value"), 0.8, 1)
        assert self.members() == ["decision-tree-model.pkl"]

    def trees_image(self):  # 14: the image holds the program, and a command stands in for it
        script = self.program(f"{BYO}/container/decision_trees/train")
        self.trees(script, ["--stand-in", f"{OWN_IMAGE}=python3 {script}", "--sandbox", "namespace"])

    def trees_failure(self):  # 14: nothing to learn of; the reason is what /opt/ml/output/failure says
        code = self.given("code/train", self.program(f"{BYO}/container/decision_trees/train").read_bytes())
        (self.folder / "given/training").mkdir()
        self.training(OWN_IMAGE, {"training": f"{self.bucket}/given/training", "code": code}, {}, ContainerEntrypoint=["python3", "/opt/ml/input/data/code/train"])
        assert not self.run() and "Exception during training: There are no files in /opt/ml/input/data/training." in self.output, self.output

    def credit(self):  # 15: a featurizer of a processing job and a booster of a training job, served one behind the other
        script, inference = self.program(f"{CREDIT}/training/train_xgboost.py"), f"{DAY}/classical-ml/%s/inference.py"
        names = "status duration credit_history purpose amount savings employment_duration installment_rate personal_status_sex other_debtors present_residence property age other_installment_plans housing number_credits job people_liable telephone foreign_worker"
        rows = [[rng.randint(1, 4) for _ in range(20)] for _ in range(400)]
        data = self.given("credit/train.csv", table([r + [int(r[0] > 2)] for r in rows], f"{names} credit_risk"))
        self.processing("Preprocess", self.program(f"{CREDIT}/processing/preprocessor.py"), {"input": data}, {n: n for n in ("train", "val", "model")}, ["--train-test-split-ratio", "0.2"])
        self.training(XGBOOST, {"train": output_of("Preprocess", "train"), "validation": output_of("Preprocess", "val")}, {"num_round": 30, "eta": 0.3, "objective": "binary:logistic"}, {"auc": r"validation-auc:(\S+)"}, {script.name: script})
        self.model(self.container(SKLEARN, join(output_of("Preprocess", "model"), "model.tar.gz"), {"inference.py": self.program(inference % "explainable-ai/inference/sklearn")}, SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="text/csv"),
                   self.container(XGBOOST, MODEL, {"inference.py": self.program(inference % "lab-3-explainable-ai/inference/xgboost")}))
        self.transform(table([[4] * 20, [1] * 20]))
        self.succeed()
        near(self.metric("auc"), 0.8, 1)
        assert [a > 0.5 for a in self.answers()] == [True, False], self.answers()

    def churn(self):  # 16: a path with spaces, a condition on what the evaluation found
        prepare, evaluation = (self.program(f"{DAY}/ML Pipelines scripts/churn_{n}.py") for n in ("preprocess", "evaluate"))
        rows = [[f"C{i}", int(r[0] > 0.5)] + [f"{y}-{rng.randint(1, 12):02}-01" for y in (2012, 2013, 2014)] + r + [rng.choice(["Monday", "Friday"]), rng.choice(["DEL", "BOM"])] for i, r in enumerate(numbers(300, 4))]
        data = self.given("store/storedata_total.csv", table(rows, "custid retained created firstorder lastorder esent eopenrate avgorder ordfreq favday city"))
        self.processing("Preprocess", prepare, {"input": data}, {n: n for n in ("train", "validation", "test")})
        self.training(PICKLING_XGBOOST, {n: output_of("Preprocess", n) for n in ("train", "validation")}, {"objective": "binary:logistic", "num_round": "20", "eval_metric": "auc"})
        self.processing("Evaluate", evaluation, {"model": MODEL, "test": output_of("Preprocess", "test")}, {"evaluation": "evaluation"}, report="evaluation.json")
        self.model(self.container(PICKLING_XGBOOST, MODEL))
        self.condition("GreaterThan", "classification_metrics.auc_score.value", 0.75, -1)
        self.succeed()
        near(self.value("*/Evaluate/output/evaluation/evaluation.json", "classification_metrics", "auc_score", "value"), 0.75, 1)


states = []
try:
    for name in [n for n, f in vars(Samples).items() if callable(f) and n.replace("_", "-").startswith(options.only)]:
        sample, start, said = Samples(name.replace("_", "-")), time.monotonic(), ""
        try:
            getattr(sample, name)()
            states.append("ok")
        except Skipped as e:
            states.append("skipped")
            said = str(e)
        except Exception as e:  # Whatever a definition, a run or what it left is wrong with.
            states.append("WRONG")
            said = f"{type(e).__name__}: {e}"
        print(f"{states[-1]:7} {name.replace('_', '-'):26} {time.monotonic() - start:5.1f} s  {said}", flush=True)
finally:
    print(work) if options.keep else shutil.rmtree(work, ignore_errors=True)
print(", ".join(f"{states.count(s)} {s}" for s in ("ok", "WRONG", "skipped")))
sys.exit(1 if "WRONG" in states or not states else 0)
