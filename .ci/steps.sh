# Steps with a budget of seconds each, which stand in a table at the end; run sources it.
# A step over its budget is said to be: it is to be made faster, and no reason to distrust what it proved.
status=0
times=()

# step SECONDS COMMAND...
step() {
  local budget=$1 began=$EPOCHSECONDS code=0
  shift
  printf '\n== %s\n' "$*"
  "$@" || code=$?
  [ "$code" = 0 ] || { status=1; printf '== failed: %s\n' "$*"; }
  account "$*" $((EPOCHSECONDS - began)) "$budget"
  return "$code"
}

# account WHAT SECONDS BUDGET
account() {
  local verdict=''
  [ "$2" -le "$3" ] || verdict='  OVER ITS BUDGET'
  times+=("$(printf '%6d s of %4d s%s  %s' "$2" "$3" "$verdict" "$1")")
  printf '== %d s of %d s%s\n' "$2" "$3" "$verdict"
}

# print_times BUDGET
print_times() {
  printf '\n== Times and budgets\n'
  printf '%s\n' "${times[@]}"
  local verdict=''
  [ "$SECONDS" -le "$1" ] || verdict='  OVER ITS BUDGET'
  printf '%6d s of %4d s%s  all of it\n' "$SECONDS" "$1" "$verdict"
}
