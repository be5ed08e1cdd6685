"""Every error that a user can meet: its kind, its code and its sentence in Spanish and English.

ZwaiError
├ Malformed 400      ├ NotSignedIn 401    ├ NotAllowed 403    ├ NotFound 404
├ Conflict 409       ├ TooLarge 413       ├ NotAnImage 415    ├ Invalid 422
├ TooMany 429        ├ Unavailable 503    └ StorageFull 507

What only an operator meets is in `zwai/operator_errors.py`; statuses are known to `handlers/errors.py` only. `fields`
fill the sentences; all arguments are positional, so that every error survives the way through the process pool.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One field at fault: a JSON pointer, a stable code, and a sentence in each language."""

    pointer: str
    code: str
    es: str
    en: str


@dataclass(frozen=True, slots=True)
class Told:
    """A field of an error that is said otherwise in each language, as "2 litros" is."""

    es: str
    en: str


class ZwaiError(Exception):
    """The root. A leaf gives `code`, `es` and `en`; the sentences may name the fields in braces."""

    code: ClassVar[str]
    es: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, fields: dict[str, object] | None = None, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(fields, problems)
        self.fields = fields or {}
        self.problems = problems

    def sentence(self, language: str) -> str:
        """What to tell the person, in `language` ("es" or "en")."""
        return (self.en if language == "en" else self.es).format_map(self.spoken(language))

    def spoken(self, language: str) -> dict[str, object]:
        """The fields, in `language` where they have one."""
        return {
            name: (value.en if language == "en" else value.es) if isinstance(value, Told) else value
            for name, value in self.fields.items()
        }

    def __str__(self) -> str:
        return self.sentence("en")


class Malformed(ZwaiError):
    code = "malformed"
    es = "No pudimos leer la solicitud. Revisa su formato e inténtalo otra vez."
    en = "We could not read the request. Check its format and try again."


class BadJson(Malformed):
    code = "bad_json"
    es = "El cuerpo de la solicitud no es JSON válido."
    en = "The body of the request is not valid JSON."


class NotMultipart(Malformed):
    code = "not_multipart"
    es = "Envía la foto como formulario multipart, en la parte «image»."
    en = 'Send the photo as a multipart form, in the part "image".'


class NoImage(Malformed):
    code = "no_image"
    es = "Falta la foto: envíala en la parte «image» del formulario."
    en = 'The photo is missing: send it in the part "image" of the form.'


class EmptyImage(Malformed):
    code = "empty_image"
    es = "El archivo está vacío. Elige otra foto."
    en = "The file is empty. Choose another photo."


class BrokenImage(Malformed):
    code = "broken_image"
    es = "La foto está dañada o incompleta. Tómala o envíala otra vez."
    en = "The photo is damaged or incomplete. Take it or send it again."


class NotAnExport(Malformed):
    """`{part}` names what of the file is at fault."""

    code = "not_an_export"
    es = "Ese archivo no es una exportación de zwai que podamos leer ({part})."
    en = "That file is not an export of zwai that we can read ({part})."


class NotSignedIn(ZwaiError):
    code = "not_signed_in"
    es = "Inicia sesión para continuar."
    en = "Sign in to continue."


class TokenExpired(NotSignedIn):
    code = "token_expired"
    es = "Tu sesión venció. Renuévala o inicia sesión otra vez."
    en = "Your session has expired. Refresh it or sign in again."


class TokenInvalid(NotSignedIn):
    code = "token_invalid"
    es = "La credencial no es válida. Inicia sesión otra vez."
    en = "The token is not valid. Sign in again."


class TokenRevoked(NotSignedIn):
    code = "token_revoked"
    es = "Esta sesión fue cerrada. Inicia sesión otra vez."
    en = "This session was closed. Sign in again."


class WrongPassword(NotSignedIn):
    code = "wrong_password"
    es = "El correo o la contraseña no coinciden."
    en = "The e-mail or the password does not match."


class NotAllowed(ZwaiError):
    code = "not_allowed"
    es = "No tienes permiso para hacer esto."
    en = "You are not allowed to do this."


class FirebaseOff(NotAllowed):
    code = "firebase_off"
    es = "Este servicio no tiene configurado el inicio de sesión con Firebase."
    en = "Sign-in with Firebase is not set up here."


class NotAGuest(NotAllowed):
    code = "not_a_guest"
    es = "Esa cuenta ya no es de invitado: no se le puede añadir otra forma de entrar."
    en = "That account is no longer a guest's: no other way of signing in can be added to it."


class NotAnOperator(NotAllowed):
    code = "not_an_operator"
    es = "Esta dirección es solo para quien administra el servicio."
    en = "This address is only for whoever runs the service."


class LinkExpired(NotAllowed):
    code = "link_expired"
    es = "Este enlace venció o no es válido. Vuelve a pedirlo."
    en = "This link has expired or is not valid. Ask for it again."


class NotFound(ZwaiError):
    code = "not_found"
    es = "No encontramos lo que buscas."
    en = "We did not find what you are looking for."


class NoSuchRoute(NotFound):
    code = "no_such_route"
    es = "Esta dirección no existe en la API. Mira /docs."
    en = "This address does not exist in the API. See /docs."


class UnknownBatch(NotFound):
    code = "unknown_batch"
    es = "No encontramos ese lote en tu inventario. Actualiza la lista."
    en = "That batch is not in your inventory. Refresh the list."


class UnknownStack(NotFound):
    code = "unknown_stack"
    es = "«{name}» no está en tu inventario con esa fecha de ingreso."
    en = '"{name}" is not in your inventory with that moment of adding.'


class UnknownFood(NotFound):
    code = "unknown_item"
    es = "«{name}» no está en tu inventario."
    en = '"{name}" is not in your inventory.'


class NotInCatalogue(NotFound):
    code = "not_in_catalogue"
    es = "El catálogo no tiene ese alimento. Búscalo por su nombre en /api/foods."
    en = "The catalogue does not have that food. Search it by its name at /api/foods."


class UnknownPhoto(NotFound):
    code = "unknown_photo"
    es = "No encontramos esa foto entre las de tu hogar."
    en = "We did not find that photo among those of your household."


class UnknownReference(NotFound):
    code = "unknown_reference"
    es = "No encontramos esa imagen de referencia."
    en = "We did not find that reference image."


class UnknownRecognition(NotFound):
    code = "unknown_recognition"
    es = "No encontramos ese reconocimiento."
    en = "We did not find that recognition."


class UnknownGeneration(NotFound):
    code = "unknown_generation"
    es = "No encontramos esas recetas."
    en = "We did not find those recipes."


class UnknownLine(NotFound):
    code = "unknown_line"
    es = "Esa propuesta no tiene la línea «{line}»."
    en = 'That proposal does not have the line "{line}".'


class UnknownProduct(NotFound):
    code = "unknown_product"
    es = "No sabemos qué es el código {gtin}. Dale un nombre y lo recordaremos."
    en = "We do not know what the code {gtin} is. Give it a name and we will remember it."


class NotAProductCode(NotFound):
    code = "not_a_product_code"
    es = "«{code}» no es el código de un producto: revisa sus cifras. El de una tienda solo vale en ella."
    en = '"{code}" is not the code of a product: check its digits. A shop\'s own means nothing elsewhere.'


class UnknownInvitation(NotFound):
    code = "unknown_invitation"
    es = "Ese código de invitación no vale: ya se usó, venció o no existe. Pide otro."
    en = "That invitation code is no good: it was used, has expired or never was. Ask for another one."


class UnknownMember(NotFound):
    code = "unknown_member"
    es = "Esa persona no es de tu hogar."
    en = "That person is not in your household."


class UnknownJob(NotFound):
    code = "unknown_job"
    es = "No encontramos esa tarea."
    en = "We did not find that task."


class UnknownEntry(NotFound):
    code = "unknown_entry"
    es = "No encontramos ese cambio en el historial."
    en = "We did not find that change in the journal."


class MethodNotAllowed(ZwaiError):
    code = "method_not_allowed"
    es = "Esta dirección no acepta {method}; acepta {allowed}."
    en = "This address does not take {method}; it takes {allowed}."


class Conflict(ZwaiError):
    code = "conflict"
    es = "Eso choca con el estado actual. Actualiza e inténtalo otra vez."
    en = "That conflicts with the current state. Refresh and try again."


class EmailTaken(Conflict):
    code = "email_taken"
    es = "Ya hay una cuenta con ese correo. Inicia sesión."
    en = "There is already an account with that e-mail. Sign in."


class NotEnough(Conflict):
    code = "not_enough"
    es = "Pediste {wanted}, pero de «{name}» hay {held}."
    en = 'You asked for {wanted}, but there is {held} of "{name}" left.'


class WrongState(Conflict):
    code = "wrong_state"
    es = "Ahora no se puede: el estado de «{name}» es {state}."
    en = 'Not now: the state of "{name}" is {state}.'


class NotFrozen(Conflict):
    code = "not_frozen"
    es = "«{name}» no está en el congelador."
    en = '"{name}" is not in the freezer.'


class UseByPassed(Conflict):
    code = "use_by_passed"
    es = "«{name}» pasó su fecha de caducidad: congelarlo ya no lo hace seguro."
    en = '"{name}" is past its use-by date: freezing it does not make it safe any more.'


class StockFull(Conflict):
    code = "stock_full"
    es = "Tu inventario llegó a su límite de {most} productos. Quita los que ya no tienes."
    en = "Your inventory has reached its limit of {most} items. Remove those that are gone."


class StockIsShared(Conflict):
    code = "stock_is_shared"
    es = "Otras personas comparten tu inventario actual: únete sin traerlo."
    en = "Others share the inventory that you have now: join without bringing it."


class TooManyInvitations(Conflict):
    code = "too_many_invitations"
    es = "Tu hogar tiene {most} invitaciones sin usar. Usa una de ellas o espera a que venzan."
    en = "Your household has {most} unused invitations. Use one of them, or wait until they expire."


class CannotRemoveYourself(Conflict):
    code = "cannot_remove_yourself"
    es = "Para irte tú del hogar usa «salir del hogar»."
    en = "To go yourself, leave the household instead."


class HouseholdNotEmpty(Conflict):
    code = "household_not_empty"
    es = "Tu hogar ya tiene inventario, historial o fotos: importa en uno vacío."
    en = "Your household already has stock, a journal or photos: import into an empty one."


class JobEnded(Conflict):
    code = "job_ended"
    es = "La tarea ya terminó: no se puede cancelar."
    en = "The task has ended already: it cannot be cancelled."


class CannotUndo(Conflict):
    code = "cannot_undo"
    es = "Un cambio posterior tocó lo mismo. Deshaz primero ese."
    en = "A later change touched the same stock. Undo that one first."


class UndoIsFinal(Conflict):
    code = "undo_is_final"
    es = "Deshacer no se deshace. Repite el cambio si lo quieres de vuelta."
    en = "An undo cannot be undone. Repeat the change if you want it back."


class AlreadyUndone(Conflict):
    code = "already_undone"
    es = "Ese cambio ya fue deshecho."
    en = "That change has already been undone."


class RequestInFlight(Conflict):
    code = "request_in_flight"
    es = "La misma solicitud está en curso. Espera un segundo."
    en = "The same request is still running. Wait a second."


class TooLarge(ZwaiError):
    code = "too_large"
    es = "La solicitud supera el límite de {limit}."
    en = "The request is over the limit of {limit}."


class ImageTooLarge(TooLarge):
    code = "image_too_large"
    es = "La foto pesa más de {limit}. Envía una más pequeña."
    en = "The photo is over {limit}. Send a smaller one."


class TooManyPixels(TooLarge):
    code = "too_many_pixels"
    es = "La foto tiene más de {limit} megapíxeles. Envía una más pequeña."
    en = "The photo has over {limit} megapixels. Send a smaller one."


class TooManyPhotos(TooLarge):
    code = "too_many_photos"
    es = "Envía {limit} fotos como máximo por solicitud."
    en = "Send at most {limit} photos in one request."


class NotAnImage(ZwaiError):
    code = "not_an_image"
    es = "Ese archivo no es una foto que podamos leer. Usa JPEG, PNG, WebP o HEIC."
    en = "That file is not a photo that we can read. Use JPEG, PNG, WebP or HEIC."


class NotJson(ZwaiError):
    code = "not_json"
    es = "Envía el cuerpo como JSON (Content-Type: application/json)."
    en = "Send the body as JSON (Content-Type: application/json)."


class Invalid(ZwaiError):
    """`{what}`, when no field of that name is given, is the first problem's own sentence."""

    code = "invalid"
    es = "Hay datos que corregir: {what}"
    en = "Some data needs correcting: {what}"

    def sentence(self, language: str) -> str:
        text = self.en if language == "en" else self.es
        first = self.problems[0] if self.problems else None
        what = (first.en if language == "en" else first.es) if first else "—"
        return text.format_map({"what": what, **self.spoken(language)})


class CannotConvert(Invalid):
    code = "cannot_convert"
    es = "No se puede convertir {source} a {target} para «{name}»."
    en = 'Cannot convert {source} to {target} for "{name}".'


class KeyReused(Invalid):
    code = "key_reused"
    es = "Esa Idempotency-Key ya se usó con otra solicitud. Usa una nueva."
    en = "That Idempotency-Key was used with another request. Use a new one."


class BadKey(Malformed):
    code = "bad_key"
    es = "La Idempotency-Key debe tener de 1 a 200 caracteres visibles."
    en = "The Idempotency-Key must have 1 to 200 visible characters."


class TooMany(ZwaiError):
    """`fields["retry_after"]`: whole seconds until the next try can succeed."""

    code = "too_many"
    es = "Demasiadas solicitudes. Espera {retry_after} s e inténtalo otra vez."
    en = "Too many requests. Wait {retry_after} s and try again."


class AIBudgetSpent(TooMany):
    """The household's or everybody's questions of the day are used up."""

    code = "ai_budget_spent"
    es = "Se acabaron las consultas de inteligencia artificial por hoy. Mañana habrá más."
    en = "The day's questions to the AI are used up. There will be more tomorrow."


class Unavailable(ZwaiError):
    """`fields["retry_after"]`: whole seconds, when not given 1."""

    code = "unavailable"
    es = "Una parte del servicio no responde. Inténtalo otra vez en unos segundos."
    en = "A part of the service does not answer. Try again in a few seconds."


class Overloaded(Unavailable):
    code = "overloaded"
    es = "Hay demasiadas solicitudes a la vez. Inténtalo otra vez en unos segundos."
    en = "There are too many requests at once. Try again in a few seconds."


class TookTooLong(Unavailable):
    code = "took_too_long"
    es = "La solicitud tardó demasiado y se detuvo. Inténtalo otra vez."
    en = "The request took too long and was stopped. Try again."


class DatabaseDown(Unavailable):
    code = "database_down"
    es = "La base de datos no responde. No se perdió nada; inténtalo otra vez."
    en = "The database does not answer. Nothing was lost; try again."


class FilesDown(Unavailable):
    code = "files_down"
    es = "El almacén de fotos no responde. No se perdió nada; inténtalo otra vez."
    en = "The store of photos does not answer. Nothing was lost; try again."


class TransactionLost(Unavailable):
    """The database gave up a transaction before its commit: nothing happened, and it may be started over."""

    code = "transaction_lost"
    es = "La base de datos interrumpió el cambio. No se perdió nada; inténtalo otra vez."
    en = "The database interrupted the change. Nothing was lost; try again."


class KeysUnreachable(Unavailable):
    """Nothing was learnt of the token, so this is never a 401."""

    code = "keys_unreachable"
    es = "No pudimos comprobar tu inicio de sesión. Inténtalo otra vez en unos segundos."
    en = "We could not check your sign-in. Try again in a few seconds."


class PoolFull(Unavailable):
    code = "pool_full"
    es = "Estamos procesando muchas fotos. Inténtalo otra vez en unos segundos."
    en = "We are working on many photos. Try again in a few seconds."


class UploadsFull(Unavailable):
    code = "uploads_full"
    es = "Hay muchas fotos subiendo a la vez. Inténtalo otra vez en unos segundos."
    en = "Many photos are being uploaded at once. Try again in a few seconds."


class ImportsFull(Unavailable):
    code = "imports_full"
    es = "Hay otras copias que se están importando. Inténtalo otra vez en unos segundos."
    en = "Other exports are being imported. Try again in a few seconds."


class StreamsFull(Unavailable):
    code = "streams_full"
    es = "Hay muchas tareas seguidas a la vez. Inténtalo otra vez en unos segundos."
    en = "Many tasks are being followed at once. Try again in a few seconds."


class JobTimedOut(Unavailable):
    code = "job_timed_out"
    es = "La foto tardó demasiado en procesarse. Inténtalo con otra."
    en = "The photo took too long to process. Try another one."


class WorkerDied(Unavailable):
    code = "worker_died"
    es = "El proceso que leía la foto se detuvo. Inténtalo otra vez."
    en = "The process that read the photo stopped. Try again."


class ReadingNotInstalled(Unavailable):
    code = "reading_not_installed"
    es = "Este servicio no lee textos: quien lo administra debe instalar zwai[ocr]. Escribe los datos a mano."
    en = "This service reads no text: whoever runs it must install zwai[ocr]. Type the details by hand."


class AIDown(Unavailable):
    """A provider did not answer in time or at all; `fields["reason"]` is for the log."""

    code = "ai_down"
    es = "El servicio de inteligencia artificial no responde. Inténtalo otra vez en unos minutos."
    en = "The AI service does not answer. Try again in a few minutes."


class AIMalformed(Unavailable):
    code = "ai_malformed"
    es = "El servicio de inteligencia artificial respondió algo que no se entiende. Inténtalo otra vez."
    en = "The AI service answered something that cannot be understood. Try again."


class AIMisconfigured(Unavailable):
    """The provider refuses our key, model or request; `fields["reason"]` tells the operator."""

    code = "ai_misconfigured"
    es = "El servicio de inteligencia artificial no está bien configurado. Avisa a quien lo administra."
    en = "The AI service is not set up well. Tell whoever runs this service."


class AIRefused(Unavailable):
    code = "ai_refused"
    es = "El servicio de inteligencia artificial no quiso responder sobre esto. Prueba con otra foto."
    en = "The AI service would not answer about this. Try another photo."


class StorageFull(ZwaiError):
    code = "storage_full"
    es = "No queda espacio para guardar. No se guardó nada."
    en = "There is no space left to store this. Nothing was stored."


class Unexpected(ZwaiError):
    """A fault of ours; what it was is in the log, under the request's id."""

    code = "unexpected"
    es = "Algo falló de nuestro lado. Ya quedó registrado; inténtalo otra vez."
    en = "Something failed on our side. It has been recorded; try again."
