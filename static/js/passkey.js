/* allauth reports a failed passkey only to the console; here it reaches the person. */
document.addEventListener("allauth.error", (event) => {
  const box = document.getElementById("passkey-error");
  if (!box) return;
  event.preventDefault();
  box.hidden = false;
  box.focus();
});
