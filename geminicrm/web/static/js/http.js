// Requests of our own scripts: CSRF token on unsafe methods, problem details as errors.
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

export async function postForm(url, fields) {
  const response = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: new URLSearchParams(fields),
  });
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = json ? await response.json() : {};
  if (!response.ok) {
    throw new Error(answer.detail || answer.title || `The server answered ${response.status}.`);
  }
  return answer;
}
