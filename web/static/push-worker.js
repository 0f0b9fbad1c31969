// Runs when a notification arrives, also while no page is open: shows its one line, and opens its link when it is tapped.

self.addEventListener("push", (event) => {
  const { text, link, key, language } = event.data?.json() ?? {};
  const line = (text ?? "").replace(/^Turvakt: /, ""); // the title says it
  const body = line.charAt(0).toUpperCase() + line.slice(1);
  const options = { body, tag: key, lang: language, data: { link: link || "/" }, requireInteraction: true };
  event.waitUntil(self.registration.showNotification("Turvakt", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.link));
});
