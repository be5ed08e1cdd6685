"""The tables. Every string compares by bytes, so that SQLite and MySQL agree."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import HASH, ID, MYSQL, WORD, Amount, Body, Document, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


households = Table(
    "households",
    metadata,
    Column("id", ID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    **MYSQL,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False, index=True),
    Column("provider", WORD, nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(320)),
    Column("email_verified", Boolean, nullable=False),
    Column("photo_url", String(2000)),
    Column("language", String(2), nullable=False),
    Column("preferences", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_login_at", Moment, nullable=False),
    **MYSQL,
)

credentials = Table(
    "credentials",
    metadata,
    Column("provider", WORD, primary_key=True),
    Column("subject", String(320), primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_hash", String(200)),
    Column("created_at", Moment, nullable=False),
    **MYSQL,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    **MYSQL,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", HASH, primary_key=True),
    Column("session_id", ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("parent", HASH, index=True),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
    **MYSQL,
)

photos = Table(
    "photos",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("account_id", ID, nullable=False),
    Column("name", String(200), nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("content_hash", HASH, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("uploaded_at", Moment, nullable=False),
    Index(None, "household_id", "uploaded_at"),
    **MYSQL,
)

recognitions = Table(
    "recognitions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("account_id", ID, nullable=False),
    Column("aim", WORD, nullable=False),
    Column("engine", WORD, nullable=False),
    Column("photos", Document, nullable=False),
    Column("receipts", Document),
    Column("created_at", Moment, nullable=False),
    Index(None, "household_id", "created_at"),
    **MYSQL,
)


# What a batch is made of; a proposal's line carries the same columns, so that accepting copies them.
def _stock_columns() -> list[Column[Any]]:
    return [
        Column("kind", WORD, nullable=False),
        Column("label", String(100), nullable=False),
        Column("label_key", String(200), nullable=False),
        Column("food_id", String(64)),
        Column("amount", Amount, nullable=False),
        Column("unit", WORD, nullable=False),
        Column("place", WORD, nullable=False),
        Column("label_kind", WORD, nullable=False),
        Column("expiry_day", Date, nullable=False),
        Column("expiry_source", WORD, nullable=False),
        Column("expiry_reference", String(200), nullable=False),
        Column("expiry_low", Date),
        Column("expiry_high", Date),
        Column("added_at", Moment, nullable=False),
        Column("tips", Text, nullable=False),
        Column("photo_id", ID),
        Column("dish", Document),
    ]


proposal_lines = Table(
    "proposal_lines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("recognition_id", ID, ForeignKey("recognitions.id"), nullable=False, index=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("position", Integer, nullable=False),
    *_stock_columns(),
    Column("confidence", Numeric(5, 4), nullable=False),
    Column("decision", WORD, nullable=False),
    Column("rule", String(100), nullable=False),
    Column("box", Document),
    Column("evidence", Document),
    Column("accepted_batch_id", ID),
    Column("accepted_at", Moment),
    Column("accepted_label", String(100)),
    Column("accepted_food_id", String(64)),
    Column("rejected_at", Moment),
    UniqueConstraint("household_id", "added_at"),
    **MYSQL,
)

batches = Table(
    "batches",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("state", WORD, nullable=False),
    *_stock_columns(),
    Column("printed_on", Date),
    Column("opened_on", Date),
    Column("frozen_on", Date),
    Column("thawed_on", Date),
    Column("warmed_on", Date),
    Column("made_of", ID),
    Column("reserved", Document),
    UniqueConstraint("household_id", "label_key", "added_at"),
    Index(None, "household_id", "expiry_day"),
    Index(None, "household_id", "food_id"),
    # The orders of the lists: a page of 10,000 batches reads no more than its rows.
    Index(None, "household_id", "kind", "label_key", "added_at", "id"),
    Index(None, "household_id", "kind", "expiry_day", "id"),
    **MYSQL,
)

journal = Table(
    "journal",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("account_id", ID),
    Column("version", BigInteger, nullable=False),
    Column("act", WORD, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Column("undoes", ID, unique=True),
    Index(None, "household_id", "version"),
    **MYSQL,
)

journal_changes = Table(
    "journal_changes",
    metadata,
    Column("entry_id", ID, ForeignKey("journal.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("batch_id", ID, nullable=False),
    Column("before", Document),
    Column("after", Document),
    Index(None, "household_id", "batch_id"),
    **MYSQL,
)

invitations = Table(
    "invitations",
    metadata,
    Column("code_hash", HASH, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
    **MYSQL,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False, index=True),
    Column("recognition_id", ID, ForeignKey("recognitions.id"), nullable=False, index=True),
    Column("account_id", ID),
    Column("words", Text, nullable=False),
    Column("at", Moment, nullable=False),
    **MYSQL,
)

# Which photo a household shows for a name.
pictures = Table(
    "pictures",
    metadata,
    Column("household_id", ID, ForeignKey("households.id"), primary_key=True),
    Column("label_key", String(200), primary_key=True),
    Column("label", String(100), nullable=False),
    Column("photo_id", ID, nullable=False),
    Column("assigned_at", Moment, nullable=False),
    **MYSQL,
)

reference_images = Table(
    "reference_images",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("photo_id", ID, nullable=False),
    Column("label", String(100), nullable=False),
    Column("category", String(100), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "household_id", "created_at"),
    **MYSQL,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False, index=True),
    Column("account_id", ID, nullable=False),
    Column("kind", String(50), nullable=False),
    Column("state", WORD, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("step", String(100), nullable=False),
    Column("request", Document, nullable=False),
    Column("result", Document),
    Column("error", Document),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("offer_at", Moment, nullable=False),
    Index(None, "state", "offer_at"),
    **MYSQL,
)

claims = Table(
    "claims",
    metadata,
    Column("id", HASH, primary_key=True),
    Column("household_id", ID, nullable=False),
    Column("holder", ID, nullable=False),
    Column("fingerprint", HASH, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("status", Integer),
    Column("body", Body),
    Column("expires_at", Moment, nullable=False, index=True),
    **MYSQL,
)

# No foreign key: what was spent stays known when its household is gone.
ai_calls = Table(
    "ai_calls",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("model", String(100), nullable=False),
    Column("outcome", WORD, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("cost", String(20), nullable=False),
    Column("latency_ms", Integer, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index(None, "household_id", "at"),
    **MYSQL,
)

# Pictures of foods that everybody shares, drawn or generated once for all; `name_key` says of what and in what style.
library_pictures = Table(
    "library_pictures",
    metadata,
    Column("name_key", String(200), primary_key=True),
    Column("photo_id", ID, nullable=False, unique=True),
    Column("source", WORD, nullable=False),
    Column("model", String(100), nullable=False),
    Column("made_at", Moment, nullable=False),
    **MYSQL,
)

# What an AI wrote of a food for everybody, under the key of the question that it answers.
writings = Table(
    "writings",
    metadata,
    Column("id", HASH, primary_key=True),
    Column("purpose", WORD, nullable=False),
    Column("model", String(100), nullable=False),
    Column("document", Document, nullable=False),
    Column("written_at", Moment, nullable=False),
    **MYSQL,
)

# What the words of a shop's receipts mean to a household, learned from its corrections.
shop_words = Table(
    "shop_words",
    metadata,
    Column("household_id", ID, ForeignKey("households.id"), primary_key=True),
    Column("shop_key", String(100), primary_key=True),
    Column("words_key", String(200), primary_key=True),
    Column("label", String(100), nullable=False),
    Column("food_id", String(64)),
    Column("learned_at", Moment, nullable=False),
    **MYSQL,
)

# What a barcode means to a household, learned from what it accepted.
products = Table(
    "products",
    metadata,
    Column("household_id", ID, ForeignKey("households.id"), primary_key=True),
    Column("gtin", String(14), primary_key=True),
    Column("label", String(100), nullable=False),
    Column("food_id", String(64)),
    Column("amount", Amount, nullable=False),
    Column("unit", WORD, nullable=False),
    Column("learned_at", Moment, nullable=False),
    **MYSQL,
)

# What a barcode means to everybody, from the file that the operator installed.
installed_products = Table(
    "installed_products",
    metadata,
    Column("gtin", String(14), primary_key=True),
    Column("label", String(100), nullable=False),
    Column("brand", String(100), nullable=False),
    Column("food_id", String(64)),
    Column("amount", Amount),
    Column("unit", WORD),
    Column("allergens", String(500), nullable=False),
    **MYSQL,
)

# What was paid for what, as receipts tell it.
prices = Table(
    "prices",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("batch_id", ID, nullable=False),
    Column("label_key", String(200), nullable=False),
    Column("food_id", String(64)),
    Column("shop", String(100), nullable=False),
    Column("bought_on", Date, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("unit", WORD, nullable=False),
    Column("price", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Index(None, "household_id", "label_key", "bought_on"),
    Index(None, "household_id", "batch_id"),
    **MYSQL,
)

# What was written for a household, each under an id that is for ever; the document is the recipe as it was shown.
generated_recipes = Table(
    "generated_recipes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("household_id", ID, ForeignKey("households.id"), nullable=False),
    Column("generation_id", ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("occasion", WORD, nullable=False),
    Column("engine", WORD, nullable=False),
    Column("title", String(200), nullable=False),
    Column("course", WORD, nullable=False),
    Column("difficulty", WORD, nullable=False),
    Column("minutes", Integer),
    Column("meal", WORD),
    Column("recipe", Document, nullable=False),
    Column("generated_at", Moment, nullable=False),
    Index(None, "household_id", "generated_at"),
    Index(None, "household_id", "generation_id"),
    **MYSQL,
)

# One row: names this run of the data, so that ETags from before a restored backup match nothing.
installation = Table("installation", metadata, Column("id", ID, primary_key=True), **MYSQL)
