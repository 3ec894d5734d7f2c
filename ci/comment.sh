#!/usr/bin/env bash
# One comment on the pull request, found again by its first line, and renewed only when its text changes.
set -euo pipefail
mark="<!-- perimeter-smt -->"
text=$(head -c 60000 "$SUMMARY" | iconv -c -f utf-8 -t utf-8 || true) # no character cut in two
body=$(printf '%s\n%s' "$mark" "$text")
comments="repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments"
filter=".[] | select(.body | startswith(\"$mark\"))"
id=$(gh api --paginate "$comments" --jq "$filter | .id" | tail -n 1)
if [ -z "$id" ]; then
  gh api "$comments" -f body="$body" --silent
elif [ "$(gh api "repos/$GITHUB_REPOSITORY/issues/comments/$id" --jq .body)" != "$body" ]; then
  gh api -X PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -f body="$body" --silent
fi
