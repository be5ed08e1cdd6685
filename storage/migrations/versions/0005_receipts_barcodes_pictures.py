"""Receipts and barcodes, prices, recipes, pictures and writings that all share, and what came out of the cold."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.columns import Amount, Document, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
WORD = sa.String(length=20)
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
OF_RECIPES = (["household_id", "generated_at"], ["household_id", "generation_id"])
OF_PRICES = (["household_id", "label_key", "bought_on"], ["household_id", "batch_id"])


def upgrade() -> None:
    op.add_column("batches", sa.Column("warmed_on", sa.Date()))
    op.add_column("recognitions", sa.Column("receipts", Document()))
    op.add_column("proposal_lines", sa.Column("evidence", Document()))
    op.create_table(
        "library_pictures",
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name_key", name=op.f("pk_library_pictures")),
        sa.UniqueConstraint("photo_id", name=op.f("uq_library_pictures_photo_id")),
        **MYSQL,
    )
    op.create_table(
        "writings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("purpose", WORD, nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("document", Document(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writings")),
        **MYSQL,
    )
    op.create_table(
        "shop_words",
        sa.Column("household_id", ID, nullable=False),
        sa.Column("shop_key", sa.String(length=100), nullable=False),
        sa.Column("words_key", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("food_id", sa.String(length=64)),
        sa.Column("learned_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_shop_words_household_id")),
        sa.PrimaryKeyConstraint("household_id", "shop_key", "words_key", name=op.f("pk_shop_words")),
        **MYSQL,
    )
    op.create_table(
        "products",
        sa.Column("household_id", ID, nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("food_id", sa.String(length=64)),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("learned_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_products_household_id")),
        sa.PrimaryKeyConstraint("household_id", "gtin", name=op.f("pk_products")),
        **MYSQL,
    )
    op.create_table(
        "installed_products",
        sa.Column("gtin", sa.String(length=14), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("food_id", sa.String(length=64)),
        sa.Column("amount", Amount()),
        sa.Column("unit", WORD),
        sa.Column("allergens", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("gtin", name=op.f("pk_installed_products")),
        **MYSQL,
    )
    op.create_table(
        "prices",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("label_key", sa.String(length=200), nullable=False),
        sa.Column("food_id", sa.String(length=64)),
        sa.Column("shop", sa.String(length=100), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("price", Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_prices_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        **MYSQL,
    )
    for columns in OF_PRICES:
        op.create_index(op.f(f"ix_prices_{'_'.join(columns)}"), "prices", columns)
    _add_recipes()


def _add_recipes() -> None:
    op.create_table(
        "generated_recipes",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("generation_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("occasion", WORD, nullable=False),
        sa.Column("engine", WORD, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("course", WORD, nullable=False),
        sa.Column("difficulty", WORD, nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("meal", WORD),
        sa.Column("recipe", Document(), nullable=False),
        sa.Column("generated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_generated_recipes_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generated_recipes")),
        **MYSQL,
    )
    for columns in OF_RECIPES:
        op.create_index(op.f(f"ix_generated_recipes_{'_'.join(columns)}"), "generated_recipes", columns)


def downgrade() -> None:
    tables = ("generated_recipes", "prices", "installed_products", "products", "shop_words", "writings")
    for table in (*tables, "library_pictures"):
        op.drop_table(table)
    op.drop_column("proposal_lines", "evidence")
    op.drop_column("recognitions", "receipts")
    op.drop_column("batches", "warmed_on")
