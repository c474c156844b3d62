# How the launcher and script/bootstrap end when something is missing; read by both.

# fail WHAT NEXT…: for people on stderr; with $berth_json also as the one document on stdout, which is fd 3 in bootstrap.
fail() {
  printf 'berth: %s\n' "$@" >&2
  if [ -n "${berth_json:-}" ]; then
    message=$(json_text "$1"); shift
    printf '{"error":{"code":"missing_dependency","message":"%s","hint":"%s"}}\n' "$message" "$(json_text "$*")" >&"${json_fd:-1}"
  fi
  exit 1
}

json_text() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
