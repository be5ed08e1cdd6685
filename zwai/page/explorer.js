// Lists the routes of /api/openapi.json and sends requests to them. Nothing is loaded from elsewhere.
"use strict";

const TEXTS = {
  es: {
    intro: "Prueba cada ruta aquí mismo: entra como invitado, llena, envía.",
    guest: "Entrar como invitado", forget: "Salir", signedIn: "Con sesión de invitado", signedOut: "Sin sesión",
    filter: "Buscar rutas", language: "Idioma de las respuestas", parameters: "Parámetros", body: "Cuerpo",
    send: "Enviar", sending: "Enviando…", copy: "Copiar como curl", copied: "Copiado", answer: "Respuesta",
    headers: "Cabeceras", empty: "(sin cuerpo)", required: "obligatorio", key: "una nueva en cada envío, si está vacía",
    none: "pública", access_token: "requiere sesión", refresh_token: "requiere refresh token",
    signed_url: "dirección firmada", optional: "sesión opcional", deprecated: "en retirada", choose: "Elige una ruta.",
    offline: "No hubo respuesta: ", contract: "Respuestas", shape: "Forma", badJson: "El cuerpo no es JSON válido: ", other: "servicio",
  },
  en: {
    intro: "Try every route right here: come in as a guest, fill in, send.",
    guest: "Come in as a guest", forget: "Sign out", signedIn: "Signed in as a guest", signedOut: "Not signed in",
    filter: "Find routes", language: "Language of the answers", parameters: "Parameters", body: "Body",
    send: "Send", sending: "Sending…", copy: "Copy as curl", copied: "Copied", answer: "Answer",
    headers: "Headers", empty: "(no body)", required: "required", key: "a new one each time, when empty",
    none: "public", access_token: "needs a session", refresh_token: "needs the refresh token",
    signed_url: "signed address", optional: "session optional", deprecated: "on its way out", choose: "Choose a route.",
    offline: "No answer: ", contract: "Answers", shape: "Shape", badJson: "The body is not valid JSON: ", other: "service",
  },
};

const state = { api: null, route: null, tokens: null, language: navigator.language.startsWith("en") ? "en" : "es" };
const at = (id) => document.getElementById(id);
const say = (name) => TEXTS[state.language][name];

function element(tag, options = {}, ...children) {
  const { dataset, ...properties } = options;
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, dataset);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// --- the document ---

function resolved(schema) {
  let here = schema; // a chain of references ends somewhere, or is given up
  for (let depth = 0; here && here.$ref && depth < 20; depth += 1) {
    here = here.$ref.replace("#/", "").split("/").reduce((node, name) => node[name], state.api);
  }
  return here || {};
}

function typeOf(schema) {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== "null") : schema.type;
}

function sample(schema, depth = 0) {
  const here = resolved(schema);
  if (here.example !== undefined) return here.example;
  if (here.default !== undefined) return here.default;
  if (here.enum) return here.enum[0];
  const type = typeOf(here);
  if (depth < 6 && (type === "object" || here.properties)) {
    const members = Object.entries(here.properties || {}).filter(([name]) => (here.required || []).includes(name));
    return Object.fromEntries(members.map(([name, below]) => [name, sample(below, depth + 1)]));
  }
  if (type === "array") return depth < 6 ? [sample(here.items, depth + 1)] : [];
  if (type === "integer" || type === "number") return here.minimum ?? 1;
  if (type === "boolean") return false;
  if (here.format === "date") return new Date().toISOString().slice(0, 10);
  return here.format === "date-time" ? new Date().toISOString().replace("Z", "+00:00") : "";
}

// The schema with what it refers to written out.
function written(node, depth = 0) {
  if (Array.isArray(node)) return node.map((item) => written(item, depth + 1));
  if (node === null || typeof node !== "object" || depth > 20) return node;
  return Object.fromEntries(Object.entries(resolved(node)).map(([name, below]) => [name, written(below, depth + 1)]));
}

function shape(schema) {
  const text = JSON.stringify(written(schema), null, 2);
  return element("details", {}, element("summary", { textContent: say("shape") }), element("pre", { textContent: text }));
}

function allRoutes() {
  const routes = [];
  for (const [path, item] of Object.entries(state.api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      routes.push({ path, method, operation, id: `${method} ${path}` });
    }
  }
  return routes;
}

function authOf(operation) {
  const ways = operation.security || [];
  if (ways.length === 0) return "none";
  return ways.length > 1 ? "optional" : Object.keys(ways[0])[0];
}

// --- the list ---

function listRoutes() {
  const wanted = at("filter").value.trim().toLowerCase();
  const groups = new Map();
  for (const route of allRoutes()) {
    if (!`${route.id} ${route.operation.summary}`.toLowerCase().includes(wanted)) continue;
    const tag = route.operation.tags[0] || say("other");
    groups.set(tag, [...(groups.get(tag) || []), route]);
  }
  at("routes").replaceChildren(
    ...[...groups].flatMap(([tag, routes]) => [element("h2", { textContent: tag }), ...routes.map(linkTo)]),
  );
}

function linkTo(route) {
  const link = element(
    "a",
    { href: `#${encodeURIComponent(route.id)}`, title: route.operation.summary },
    element("span", { className: `verb ${route.method}`, textContent: route.method }),
    element("code", { textContent: route.path }),
  );
  if (state.route && state.route.id === route.id) link.setAttribute("aria-current", "page");
  return link;
}

// --- one route ---

function showRoute() {
  const id = decodeURIComponent(location.hash.slice(1));
  state.route = allRoutes().find((route) => route.id === id) || null;
  listRoutes();
  const main = at("route");
  if (!state.route) {
    main.replaceChildren(element("p", { className: "quiet", textContent: say("choose") }));
    return;
  }
  const { method, path, operation } = state.route;
  const form = element("form", { id: "form", noValidate: true });
  form.append(...parameterFields(operation), ...bodyFields(operation));
  form.append(
    element(
      "div",
      { className: "actions" },
      element("button", { type: "submit", className: "primary", id: "send", textContent: say("send") }),
      element("button", { type: "button", id: "copy", textContent: say("copy"), onclick: copyCurl }),
    ),
  );
  form.addEventListener("submit", send);
  main.replaceChildren(
    element(
      "h2",
      {},
      element("span", { className: `verb ${method}`, textContent: `${method} ` }),
      element("code", { textContent: path }),
    ),
    element("p", { className: "quiet", textContent: operation.summary }),
    element("span", { className: "tag", textContent: say(authOf(operation)) }),
    operation.deprecated ? element("span", { className: "tag", textContent: say("deprecated") }) : "",
    form,
    element("section", { id: "answer", ariaLive: "polite" }),
    element("h3", { textContent: say("contract") }),
    ...Object.entries(operation.responses).map(([status, response]) =>
      element("div", {}, element("code", { textContent: status }), ` ${response.description}`),
    ),
  );
}

function parameterFields(operation) {
  if (operation.parameters.length === 0) return [];
  return [element("h3", { textContent: say("parameters") }), ...operation.parameters.map(parameterField)];
}

function parameterField(parameter) {
  const schema = resolved(parameter.schema);
  const hint = parameter.name === "Idempotency-Key" ? say("key") : parameter.description || "";
  const notes = [parameter.in, parameter.required ? say("required") : null, hint].filter(Boolean).join(" · ");
  const input = element("input", {
    name: parameter.name,
    dataset: { place: parameter.in },
    placeholder: schema.default === undefined ? "" : String(schema.default),
    required: Boolean(parameter.required),
    autocomplete: "off",
  });
  return fieldRow(parameter.name, notes, input);
}

function fieldRow(name, notes, input) {
  return element(
    "label",
    { className: "field" },
    element("span", {}, element("code", { textContent: name }), element("small", { textContent: notes })),
    input,
  );
}

function bodyFields(operation) {
  const content = operation.requestBody ? operation.requestBody.content : null;
  if (!content) return [];
  const kinds = Object.keys(content);
  const choice = element("select", { id: "kind" }, ...kinds.map((kind) => element("option", { textContent: kind })));
  const parts = kinds.map((kind) =>
    element("div", { dataset: { kind } }, ...(kind.startsWith("multipart/") ? partFields(content[kind].schema) : [
      element("textarea", {
        id: "json", spellcheck: false, value: JSON.stringify(sample(content[kind].schema), null, 2), ariaLabel: say("body"),
      }),
      shape(content[kind].schema),
    ])),
  );
  const showChosen = () => parts.forEach((part) => { part.hidden = part.dataset.kind !== choice.value; });
  choice.addEventListener("change", showChosen);
  showChosen();
  return [element("h3", { textContent: say("body") }), kinds.length > 1 ? choice : null, ...parts].filter(Boolean);
}

function partFields(schema) {
  const required = resolved(schema).required || [];
  return Object.entries(resolved(schema).properties).map(([name, below]) => {
    const isFile = below.contentMediaType !== undefined;
    const input = element("input", { name, type: isFile ? "file" : "text", dataset: { place: "part" }, multiple: isFile });
    return fieldRow(name, required.includes(name) ? say("required") : "", input);
  });
}

// --- sending ---

function composed() {
  const { method, operation } = state.route;
  let path = state.route.path;
  const query = new URLSearchParams();
  const headers = { Accept: "application/json", "Accept-Language": state.language };
  for (const input of at("form").querySelectorAll("[data-place]")) {
    const { place } = input.dataset;
    if (place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    if (place === "query" && input.value !== "") query.append(input.name, input.value);
    if (place === "header") {
      const value = input.value || (input.name === "Idempotency-Key" ? freshKey() : "");
      if (value) headers[input.name] = value;
    }
  }
  const auth = authOf(operation);
  if (state.tokens && auth !== "none" && auth !== "signed_url") {
    const name = auth === "refresh_token" ? "refresh_token" : "access_token";
    headers.Authorization = `Bearer ${state.tokens[name]}`;
  }
  const url = query.size ? `${path}?${query}` : path;
  return { method: method.toUpperCase(), url, headers, ...composedBody(headers) };
}

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function composedBody(headers) {
  const choice = state.route.operation.requestBody ? Object.keys(state.route.operation.requestBody.content) : [];
  const kind = at("kind") ? at("kind").value : choice[0];
  if (!kind) return {};
  if (!kind.startsWith("multipart/")) {
    headers["Content-Type"] = "application/json";
    return { body: at("json").value };
  }
  const form = new FormData();
  for (const input of at("form").querySelectorAll("[data-place=part]")) {
    if (input.type === "file") for (const file of input.files) form.append(input.name, file);
    else if (input.value) form.append(input.name, input.value);
  }
  return { body: form };
}

async function send(event) {
  event.preventDefault();
  const button = at("send");
  const { url, ...request } = composed();
  if (typeof request.body === "string") {
    try { JSON.parse(request.body); } catch (error) { showFailure(say("badJson") + error.message); return; }
  }
  button.disabled = true;
  button.textContent = say("sending");
  const began = performance.now();
  try {
    const response = await fetch(url, { ...request, cache: "no-store", credentials: "omit" });
    await showAnswer(response, Math.round(performance.now() - began));
  } catch (error) {
    showFailure(say("offline") + error.message);
  } finally {
    button.disabled = false;
    button.textContent = say("send");
  }
}

function showFailure(text) {
  at("answer").replaceChildren(element("p", { className: "status bad", textContent: text }));
}

async function showAnswer(response, elapsed) {
  const type = response.headers.get("Content-Type") || "";
  const content = type.startsWith("image/")
    ? element("img", { src: URL.createObjectURL(await response.blob()), alt: "" })
    : element("pre", { textContent: pretty(await response.text(), type) });
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  at("answer").replaceChildren(
    element("h3", { textContent: say("answer") }),
    element(
      "p",
      {},
      element("span", {
        className: `status ${response.ok ? "good" : "bad"}`,
        textContent: `${response.status} ${response.statusText}`,
      }),
      element("span", { className: "quiet", textContent: ` · ${elapsed} ms` }),
    ),
    content,
    element("details", {}, element("summary", { textContent: say("headers") }), element("pre", { textContent: headers })),
  );
  if (response.ok && state.route.id.startsWith("post /api/auth/")) keepTokens(content.textContent);
}

function pretty(text, type) {
  if (!text) return say("empty");
  return type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

function keepTokens(text) {
  const answer = JSON.parse(text);
  if (answer.access_token && answer.refresh_token) signIn(answer);
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function copyCurl() {
  const { method, url, headers, body } = composed();
  const words = ["curl", "-X", method, quoted(location.origin + url)];
  for (const [name, value] of Object.entries(headers)) words.push("-H", quoted(`${name}: ${value}`));
  if (typeof body === "string") words.push("-d", quoted(body));
  if (body instanceof FormData) {
    for (const [name, value] of body) words.push("-F", quoted(`${name}=${value.name ? `@${value.name}` : value}`));
  }
  await navigator.clipboard.writeText(words.join(" "));
  at("copy").textContent = say("copied");
}

// --- who is calling ---

function signIn(tokens) {
  state.tokens = tokens;
  showWho();
}

function showWho() {
  at("who").textContent = say(state.tokens ? "signedIn" : "signedOut");
  at("forget").hidden = !state.tokens;
  at("guest").hidden = Boolean(state.tokens);
}

async function comeInAsGuest() {
  const headers = { "Content-Type": "application/json", "Accept-Language": state.language };
  const response = await fetch("/api/auth/guest-login", { method: "POST", headers, body: "{}" });
  const answer = await response.json();
  if (response.ok) signIn(answer);
  else at("who").textContent = answer.error;
}

function speak() {
  document.documentElement.lang = state.language;
  at("language").value = state.language;
  for (const name of ["intro", "guest", "forget"]) at(name).textContent = say(name);
  at("filter").placeholder = say("filter");
  at("filter-label").textContent = say("filter");
  at("language-label").textContent = say("language");
  showWho();
  if (state.api) showRoute();
}

async function begin() {
  speak();
  at("guest").addEventListener("click", comeInAsGuest);
  at("forget").addEventListener("click", () => signIn(null));
  at("filter").addEventListener("input", listRoutes);
  at("language").addEventListener("change", (event) => { state.language = event.target.value; speak(); });
  window.addEventListener("hashchange", () => { showRoute(); at("route").focus(); });
  try {
    state.api = await (await fetch("/api/openapi.json")).json();
  } catch (error) {
    at("route").replaceChildren(element("p", { className: "status bad", textContent: say("offline") + error.message }));
    return;
  }
  at("version").textContent = state.api.info.version;
  showRoute();
}

begin();
