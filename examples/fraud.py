"""Frauds among card payments: from the transactions to the decision which of them somebody looks at.

python examples/fraud.py [--rows N] [--epochs N] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich import print

import vitrina as vt
from vitrina.data.transaction_files import write_transactions


def main() -> None:
    parser = argparse.ArgumentParser(description="Frauds among card payments.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--data", type=Path, help="a folder of transactions; simulated without one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, run = given.data or Path(folder, "transactions"), Path(folder, "run")
        if given.data is None:
            write_transactions(data, given.rows)

        vt.train(
            data,
            target="TX_FRAUD",
            drop=["TX_FRAUD_SCENARIO"],  # which kind of fraud it was is known only when all is over
            time="TX_DATETIME",  # learn from the past, be tested on what came after
            gap="7d",  # a fraud is known a week later
            stream=True,  # never more than a window of the rows in memory
            epochs=given.epochs,
            out=run,
        )
        print(vt.assess(run))  # beside a linear learner and boosted trees, with intervals
        print(vt.decide(run, costs="fp=1", amount="TX_AMOUNT", capacity="20/day"))
        print("all of it in", vt.report(run).name)


if __name__ == "__main__":
    main()
