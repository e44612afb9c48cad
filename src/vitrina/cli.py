"""The command `vitrina`: its commands, and one sentence for whatever goes wrong.

Exit status: 0 done, 1 could not be done, 2 wrong usage, 130 interrupted. VITRINA_DEBUG=1 shows where an error arose.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vitrina.commands.approximate import approximate
from vitrina.commands.compare import compare
from vitrina.commands.data import data
from vitrina.commands.decide import decide
from vitrina.commands.demo import demo
from vitrina.commands.describe import describe
from vitrina.commands.doctor import doctor
from vitrina.commands.engines import engines
from vitrina.commands.evaluate import evaluate
from vitrina.commands.find_lr import find_lr
from vitrina.commands.predict import predict
from vitrina.commands.race import race
from vitrina.commands.replay import replay
from vitrina.commands.report import report
from vitrina.commands.search import search
from vitrina.commands.trace import trace
from vitrina.commands.train import train
from vitrina.commands.watch import watch
from vitrina.errors import UsageError, VitrinaError
from vitrina.locale import say
from vitrina.locale.system import reason_of

# The errors of Click, which newer Typers bring along and older ones import.
WrongUsage: type[Exception] = typer.BadParameter.__bases__[0]
ClickError: type[Exception] = WrongUsage.__bases__[0]


class Interrupted(Exception):
    """Ctrl-C under a name that Typer does not know: it would end the program without a word."""


class Commands(TyperGroup):
    """Runs a command and turns every error into one sentence on standard error."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(*getattr(error, "__notes__", ())) from error

    def main(self, *args: Any, standalone_mode: bool = True, **options: Any) -> Any:
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **options)
        sys.exit(guarded(lambda: super(Commands, self).main(*args, standalone_mode=False, **options)))


app = typer.Typer(
    cls=Commands,
    help="Deep learning behind glass: teach a network, see every number on the way, keep what it learned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(train, watch, replay, trace, doctor, predict, evaluate, decide, report, find_lr, search, compare),
    *(describe, race, engines, approximate, demo),
):
    app.command()(command)
app.add_typer(data, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        from vitrina import __version__

        typer.echo(f"vitrina {__version__}")
        raise typer.Exit


@app.callback()
def _vitrina(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def guarded(work: Callable[[], Any]) -> int:
    """Does the work and returns the exit status."""
    try:
        status = work()
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes stdout
        return 1  # as Rich has it
    except (Interrupted, typer.Abort) as error:
        return _say(error, 130, _how_to_go_on(error))
    except ClickError as error:
        return _usage(error)
    except UsageError as error:
        return _say(error, 2, str(error))
    except VitrinaError as error:
        return _say(error, 1, str(error))
    except MemoryError as error:
        return _say(
            error, 1, say("there is not enough memory for this; use fewer rows, smaller images or a smaller --batch")
        )
    except OSError as error:
        return _say(error, 1, f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error))
    except Exception as error:
        told = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return _say(error, 1, say("this is a mistake in Vitrina ({told}); VITRINA_DEBUG=1 shows where", told=told))


def _how_to_go_on(error: BaseException) -> str:
    """The command train leaves the name of its run, if there is anything to go on with."""
    if not error.args:
        return say("interrupted")
    return say("interrupted; go on with: vitrina train --resume {run}", run=error.args[0])


def _usage(error: Any) -> int:
    """What Click has to say, in one line, with where to look."""
    told = error.format_message() if hasattr(error, "format_message") else ""
    context = getattr(error, "ctx", None)
    if not told:  # `vitrina` alone: the help has been printed
        return 2
    told = told[0].lower() + told[1:].rstrip(".") if told[1:2].islower() else told.rstrip(".")
    path = context.command_path if context else "vitrina"
    return _say(error, 2, say("{told}; see {path} --help", told=told, path=path))


def _say(error: BaseException, status: int, sentence: str) -> int:
    if os.environ.get("VITRINA_DEBUG"):
        import traceback

        traceback.print_exception(error)
    print(f"vitrina: {sentence}", file=sys.stderr)
    return status


def main() -> None:
    """The entry point of the command `vitrina`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings are for nobody here
    try:
        app(prog_name="vitrina")
    except KeyboardInterrupt as error:  # before a command began, or after it ended
        sys.exit(_say(error, 130, say("interrupted")))


if __name__ == "__main__":
    main()
