"""Cleans the penguins and splits them into those to train with and those to test with."""

from sklearn.model_selection import train_test_split

from penguins import NUMBERS, TARGET, input_folder, output_folder, read_folder

TEST_SHARE = 0.2

penguins = read_folder(input_folder("penguins"))

# A penguin that was not measured at all has nothing to learn from. Single gaps stay: the model fills them,
# because it must be able to do so when serving, too.
measured = penguins.dropna(subset=NUMBERS, how="all")

# The fixed seed gives the same split every time: two runs can be compared, and later steps need not run again
# when the data did not change. Each species keeps its share in both files.
train, test = train_test_split(measured, test_size=TEST_SHARE, stratify=measured[TARGET], random_state=42)

train.to_csv(output_folder("train") / "train.csv", index=False)
test.to_csv(output_folder("test") / "test.csv", index=False)
print(f"{len(penguins)} penguins, {len(penguins) - len(measured)} dropped (not measured): "
      f"{len(train)} to train with, {len(test)} to test with")
