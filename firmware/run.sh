#!/bin/sh
# Runs an image: run.sh SHIFT ELF. One instruction takes 2^SHIFT ns of its time.
exec timeout -k 2 120 qemu-system-arm -M mps2-an500 -display none -monitor none -serial null \
  -icount "shift=$1,sleep=off" -semihosting-config enable=on,target=native -kernel "$2" </dev/null
