"""Packaging: the four packages, their data files, and the command `zwai`. Pinned versions: requirements.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "zwai" / "__init__.py").read_text())
assert VERSION is not None

setup(
    name="zwai",
    version=VERSION[1],
    description="Photograph food; know what is there, when it expires and what to cook before it does.",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    packages=find_packages(include=["zwai", "zwai.*", "handlers", "handlers.*", "storage", "storage.*", "ai", "ai.*"]),
    package_data={
        "zwai": ["knowledge/data/*", "knowledge/*.md", "page/*", "samples/*"],
        "storage": ["migrations/*", "migrations/versions/*"],
        "ai": ["fonts/*", "models/*", "motifs/*", "prompts/*"],
    },
    install_requires=[
        "aiohttp>=3.14",
        "aiojobs>=1.4",
        "aiosqlite>=0.22",
        "asyncmy>=0.2.18",  # keeps statements prepared; before 0.2.12 a cancelled read handed on another request's rows
        "alembic>=1.20",
        "apispec>=6.10",
        "argon2-cffi>=25.1",
        "cryptography>=50",
        "google-genai>=3.3",
        "gunicorn>=27",
        "hiredis>=3.5",
        "marshmallow>=4.4",
        "numpy>=2.4",
        "onnxruntime>=1.32",
        "obstore>=0.12",
        "orjson>=3.13",
        "pillow>=13.0",
        "pillow-heif>=1.8",
        "PyJWT>=2.15",
        "python-dotenv>=1.2",
        "redis>=8.1",
        "resvg-py>=0.5",
        "saq>=0.26.4",
        "SQLAlchemy[asyncio]>=2.1.9",
        "tenacity>=9.1",
        "typing_extensions>=4.12",
        "tzdata",
        "uvloop>=0.23",
        "zxing-cpp>=3.1",
    ],
    extras_require={
        "ocr": ["rapidocr>=3.10,<3.11"],  # 200 MB; its models are in the wheel, under names that a release may change
        "aiomysql": ["aiomysql>=0.3.2", "PyMySQL<1.2"],  # for mysql+aiomysql://; newer PyMySQL fails on bytes
    },
    entry_points={"console_scripts": ["zwai = zwai.cli:main"]},
)
