// The form with data-push lets this browser fill in where its maker takes notifications for it, before it is sent. Forms with
// data-browser let go of a browser; if it is this one, it is told, too.

const form = document.querySelector("form[data-push]");
const field = form.elements.subscription;
const key = Uint8Array.from(atob(form.dataset.push.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

async function present() {
  const worker = await navigator.serviceWorker.getRegistration("/push-worker.js");
  return (await worker?.pushManager.getSubscription()) ?? null;
}

async function id(subscription) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  return [...new Uint8Array(digest)].map((each) => each.toString(16).padStart(2, "0")).join("");
}

async function subscribe() {
  await navigator.serviceWorker.register("/push-worker.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe(); // it may know us by a key that we had before
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function mark() {
  const found = await present();
  const own = found && document.querySelector(`form[data-browser="${await id(found)}"]`);
  if (!own) return;
  own.querySelector("[data-this]").hidden = false;
  form.hidden = true;
  own.addEventListener("submit", async (event) => {
    event.preventDefault();
    await found.unsubscribe().catch(() => false);
    const button = own.elements.remove;
    const sent = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
    own.append(sent);
    own.submit();
  });
}

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  for (const each of form.querySelectorAll("[data-needs-script]")) each.hidden = true;
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [denied, failed] = [form.querySelector("[data-denied]"), form.querySelector("[data-failed]")];
    denied.hidden = failed.hidden = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        denied.hidden = false;
        return;
      }
      field.value = JSON.stringify(await subscribe());
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
  mark();
}
