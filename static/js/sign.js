/* The sign page: a passkey can prove who signs, and the statement follows what is declared. All else works without. */

const form = document.querySelector("form.sign");

/* ---------- The statement says what is declared ---------- */

const declared = form.querySelector("[data-declared]");

form.addEventListener("input", () => {
  const { coi, coi_text: text } = form.elements;
  const words = coi.value === "some" ? text.value.trim().replace(/\s+/g, " ").replace(/\.+$/, "") : "";
  declared.textContent = words || declared.dataset.none;
});

/* ---------- Passkey ---------- */

const button = form.querySelector("[data-passkey]");
const line = form.querySelector(".passkey-status");

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function requestFrom(options) {
  return {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: options.allowCredentials.map((key) => ({ ...key, id: toBytes(key.id) })),
    userVerification: "required",
  };
}

function asJson(credential) {
  try {
    return credential.toJSON();
  } catch {
    /* An older browser has no toJSON, and that of some password managers fails. */
    const { clientDataJSON, authenticatorData, signature } = credential.response;
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      clientExtensionResults: {},
      response: {
        clientDataJSON: toText(clientDataJSON),
        authenticatorData: toText(authenticatorData),
        signature: toText(signature),
      },
    };
  }
}

function whyNot(error) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return line.dataset.stopped;
  return error.name === "SecurityError" ? line.dataset.unable : line.dataset.failed;
}

async function signWithPasskey() {
  const { agree, passkey } = form.elements;
  if (!agree.checked) {
    line.textContent = line.dataset.agree;
    agree.focus();
    return;
  }
  button.disabled = true;
  line.textContent = line.dataset.asking;
  try {
    const publicKey = requestFrom(JSON.parse(button.dataset.passkey));
    passkey.value = JSON.stringify(asJson(await navigator.credentials.get({ publicKey })));
    form.requestSubmit();
  } catch (error) {
    line.textContent = whyNot(error);
    button.disabled = false;
    button.focus();
  }
}

if (button && window.PublicKeyCredential) {
  button.hidden = false;
  button.addEventListener("click", signWithPasskey);
}
