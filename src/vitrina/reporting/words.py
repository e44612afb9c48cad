"""The headings and small words of a report, in the user's language."""

from __future__ import annotations

from vitrina.locale import say


def headings() -> dict[str, str]:
    """By the names that the template knows them by."""
    return {
        "report": say("Report of a training"),
        "on_rows": say("on the {rows} rows it never saw"),
        "between": say("95 % interval: {interval}"),
        "data": say("The data"),
        "rows": say("rows"),
        "learning": say("learning"),
        "validation": say("validation"),
        "test": say("test"),
        "column": say("column"),
        "role": say("role"),
        "missing": say("missing"),
        "values": say("values"),
        "spread": say("spread"),
        "target": say("target"),
        "more_columns": say("and {count} columns more"),
        "network": say("The network"),
        "layer": say("layer"),
        "what": say("what"),
        "output": say("output"),
        "parameters": say("parameters"),
        "input": say("input"),
        "cost_function": say("cost"),
        "training": say("How it learned"),
        "best_epoch": say("best epoch"),
        "seconds": say("seconds"),
        "stopped": say("stopped"),
        "rate": say("learning rate"),
        "doctor": say("What the doctor says"),
        "healthy": say("Nothing is wrong that the doctor knows of."),
        "todo": say("What to do"),
        "evaluation": say("How good it is"),
        "measure": say("measure"),
        "ours": say("network"),
        "interval": say("95 % interval"),
        "clusters": say("Intervals count the rows of one {column} as one: they are not independent."),
        "look_at": say("look at the likeliest"),
        "of_which": say("of which {name}"),
        "of_all": say("of all of them found"),
        "by_group": say("By {column}"),
        "mistakes": say("Its worst mistakes"),
        "mistakes_hint": say(
            "Look at these first: labels that are wrong end up here, and so does what the data do not say."
        ),
        "where": say("where"),
        "truth": say("truth"),
        "answer": say("answer"),
        "decisions": say("Decisions"),
        "way": say("who decides"),
        "cost": say("cost"),
        "saved": say("saved"),
        "decided_on": say("Measured on {rows} rows of the test part, with {terms}. Last decided: {counts}."),
        "warned": say("What was warned of"),
        "not_told": say("What this report cannot tell"),
        "made": say("Made by Vitrina from {run}; every number is in that folder, and plots/ has the pictures."),
    }
