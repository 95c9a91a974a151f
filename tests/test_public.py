"""What `import newsmt` promises: public names, no heavy modules, doubles."""

import subprocess
import sys

import pytest

import newsmt

HEAVY = ["torch", "transformers", "ctranslate2", "numpy", "sacrebleu", "huggingface_hub", "sentencepiece", "py3langid"]


@pytest.mark.parametrize("name", newsmt.__all__)
def test_every_public_name_is_there(name):
    assert getattr(newsmt, name)
    assert name in dir(newsmt)


def test_other_names_are_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Pipeline'"):
        newsmt.Pipeline  # noqa: B018


def loaded_modules(*arguments):
    """Heavy modules that a fresh interpreter has loaded after running the arguments."""
    program = (
        "import sys\n"
        "from newsmt.cli import main\n"
        f"try:\n    {'main(sys.argv[1:])' if arguments else 'import newsmt'}\n"
        "except SystemExit:\n    pass\n"
        f"print('loaded:', *[name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1].removeprefix("loaded:").split()


def test_import_loads_nothing_heavy():
    program = f"import sys, newsmt; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["translate", "--help"], ["models", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    assert loaded_modules(*arguments) == []


def test_a_file_that_is_not_there_fails_before_anything_heavy_is_loaded():
    assert loaded_modules("translate", "missing.txt") == []
