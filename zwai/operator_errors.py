"""Every error that only an operator meets, on starting the service or with one of its commands."""

from zwai.errors import Conflict, Malformed, Unavailable


class NotAProductFile(Malformed):
    code = "not_a_product_file"
    es = "Ese archivo no es una lista de productos: su primera línea no nombra la columna «{column}»."
    en = 'That file is no list of products: its first line names no column "{column}".'


class DataFolderInUse(Conflict):
    code = "data_folder_in_use"
    es = "Otro proceso de zwai usa la carpeta {folder}. Detenlo o elige otra con ZWAI_DATA_DIR."
    en = "Another zwai process uses the folder {folder}. Stop it, or choose another with ZWAI_DATA_DIR."


class TooFewConnections(Conflict):
    code = "too_few_connections"
    es = "Los procesos abrirían {wanted} conexiones y el servidor admite {most}: baja ZWAI_WORKERS."
    en = "The processes would open {wanted} connections, and the server takes {most}: lower ZWAI_WORKERS."


class NotMigrated(Conflict):
    code = "not_migrated"
    es = "La base de datos está en la revisión {revision}; esta versión necesita {newest}: zwai migrate."
    en = "The database is at revision {revision}; this release needs {newest}: zwai migrate."


class DatabaseTooNew(Conflict):
    code = "database_too_new"
    es = "Una versión más nueva de zwai migró la base de datos (revisión {revision}). Usa esa versión o un respaldo."
    en = "A newer zwai has migrated the database (revision {revision}). Use that release, or a backup from before."


class TargetNotEmpty(Conflict):
    code = "target_not_empty"
    es = "La base de datos de destino ya tiene filas en {table}. Copia a una vacía."
    en = "The target database already has rows in {table}. Copy to an empty one."


class CopyDiffers(Conflict):
    code = "copy_differs"
    es = "La tabla {table} no llegó entera: no se copió nada. Detén el servicio e inténtalo otra vez."
    en = "The table {table} did not arrive whole: nothing was copied. Stop the service and try again."


class DatabaseUnreadable(Unavailable):
    code = "database_unreadable"
    es = "La base de datos {file} no se puede leer ({reason}). Restaura un respaldo."
    en = "The database {file} cannot be read ({reason}). Restore a backup."


class DatabaseUnreachable(Unavailable):
    code = "database_unreachable"
    es = "La base de datos {database} no se puede usar ({reason}). Revisa su dirección, su clave y sus permisos."
    en = "The database {database} cannot be used ({reason}). Check its address, password and grants."


class RedisUnreachable(Unavailable):
    code = "redis_unreachable"
    es = "Redis no se puede usar ({reason}). Revisa su dirección y su clave."
    en = "Redis cannot be used ({reason}). Check its address and password."


class FilesUnreachable(Unavailable):
    code = "files_unreachable"
    es = "El almacén de fotos {store} no se puede usar ({reason}). Revisa su dirección y sus credenciales."
    en = "The photo store {store} cannot be used ({reason}). Check its address and credentials."


class DataFolderUnusable(Unavailable):
    code = "data_folder_unusable"
    es = "La carpeta {folder} no se puede usar ({reason}). Elige otra con ZWAI_DATA_DIR."
    en = "The folder {folder} cannot be used ({reason}). Choose another with ZWAI_DATA_DIR."
