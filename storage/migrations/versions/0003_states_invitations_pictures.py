"""States of batches, the orders of their lists, what became of proposed lines, invitations, pictures of names."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

OF_BATCHES: dict[str, sa.types.TypeEngine[Any]] = {
    "printed_on": sa.Date(),
    "opened_on": sa.Date(),
    "frozen_on": sa.Date(),
    "thawed_on": sa.Date(),
    "made_of": ID,
    "reserved": Document(),
}
ORDERS = (["household_id", "kind", "label_key", "added_at", "id"], ["household_id", "kind", "expiry_day", "id"])
OF_LINES: dict[str, sa.types.TypeEngine[Any]] = {
    "accepted_label": sa.String(length=100),
    "accepted_food_id": sa.String(length=64),
    "rejected_at": Moment(),
}


def upgrade() -> None:
    for name, kind in OF_BATCHES.items():
        op.add_column("batches", sa.Column(name, kind))
    for columns in ORDERS:
        op.create_index(op.f(f"ix_batches_{'_'.join(columns)}"), "batches", columns)
    for name, kind in OF_LINES.items():
        op.add_column("proposal_lines", sa.Column(name, kind))
    op.create_table(
        "invitations",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name=op.f("fk_invitations_household_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_invitations")),
        **MYSQL,
    )
    op.create_index(op.f("ix_invitations_household_id"), "invitations", ["household_id"])
    op.create_index(op.f("ix_invitations_expires_at"), "invitations", ["expires_at"])
    op.create_table(
        "feedback",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("recognition_id", ID, nullable=False),
        sa.Column("account_id", ID),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_feedback_household_id")),
        sa.ForeignKeyConstraint(["recognition_id"], ["recognitions.id"], name=op.f("fk_feedback_recognition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        **MYSQL,
    )
    op.create_index(op.f("ix_feedback_household_id"), "feedback", ["household_id"])
    op.create_index(op.f("ix_feedback_recognition_id"), "feedback", ["recognition_id"])
    op.create_table(
        "pictures",
        sa.Column("household_id", ID, nullable=False),
        sa.Column("label_key", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("assigned_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_pictures_household_id")),
        sa.PrimaryKeyConstraint("household_id", "label_key", name=op.f("pk_pictures")),
        **MYSQL,
    )
    op.create_table(
        "reference_images",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_reference_images_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_images")),
        **MYSQL,
    )
    op.create_index(
        op.f("ix_reference_images_household_id_created_at"), "reference_images", ["household_id", "created_at"]
    )


def downgrade() -> None:
    for table in ("reference_images", "pictures", "feedback", "invitations"):
        op.drop_table(table)
    for columns in ORDERS:
        op.drop_index(op.f(f"ix_batches_{'_'.join(columns)}"), "batches")
    for name in OF_LINES:
        op.drop_column("proposal_lines", name)
    for name in OF_BATCHES:
        op.drop_column("batches", name)
