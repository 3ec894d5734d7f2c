#!/usr/bin/env bash
# What action.yml asks: reports of prove and lint in a folder, a job summary, the worst exit code as an output.
set -uo pipefail
perimeter="${PERIMETER:-$RUNNER_TEMP/perimeter-venv/bin/perimeter}"
folder=$(mktemp -d "$RUNNER_TEMP/perimeter-XXXXXX")
forms=text,json,sarif,junit,markdown
mkdir "$folder/sarif"
touch "$folder/summary.md"
worst=0

keep() { # name of the command, its exit code
  for code in 2 1 3; do # bad input first: nothing was asked then
    if [ "$2" -eq "$code" ] || [ "$worst" -eq "$code" ]; then worst=$code; break; fi
  done
  if [ "$2" -gt 3 ]; then worst=$2; fi
  if [ -f "$folder/$1/perimeter.md" ]; then cat "$folder/$1/perimeter.md" >>"$folder/summary.md"; fi
  if [ -f "$folder/$1/perimeter.sarif" ]; then cp "$folder/$1/perimeter.sarif" "$folder/sarif/$1.sarif"; fi
}

if [ -n "$WORKSPACE" ]; then
  known=()
  if [ -n "$BASELINE" ]; then known=(--baseline "$BASELINE"); fi
  "$perimeter" prove --mode "$MODE" --format "$forms" --output "$folder/prove" "${known[@]}" -- "$WORKSPACE"
  keep prove $?
fi
if [ -n "$LINT" ]; then
  "$perimeter" lint --fail-on "$FAIL_ON" --ignore "$IGNORE" --format "$forms" --output "$folder/lint" -- "$LINT"
  keep lint $?
fi

cat "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY"
{
  echo "exit-code=$worst"
  echo "folder=$folder"
  if compgen -G "$folder/sarif/*.sarif" >/dev/null; then echo "sarif=true"; fi
} >>"$GITHUB_OUTPUT"
