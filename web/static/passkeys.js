// A form with data-passkey lets this device's authenticator fill in its field "credential" before it is sent.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function read(options) {
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
  const found = { ...options, challenge: bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) found.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) found.excludeCredentials = known(options.excludeCredentials);
  return found;
}

function write(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = text(credential.response[name]);
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const failed = form.querySelector("[data-failed]");
  if (!window.PublicKeyCredential) continue;
  for (const each of form.querySelectorAll("[data-needs-script]")) each.hidden = true;
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", async (event) => {
    const field = form.elements.credential;
    if (field.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const publicKey = read(JSON.parse(form.dataset.options));
      const way = form.dataset.passkey === "create" ? "create" : "get";
      field.value = write(await navigator.credentials[way]({ publicKey }));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
