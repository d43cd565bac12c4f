#!/bin/sh
# Run a command with a Slurm of one node around it: its own key, ports and folders, no systemd.
#
#   tests/slurm.sh sh -c 'sinfo && srun hostname'
#
# SLURM_MORE are more lines of its slurm.conf, other partitions beside "all" for example.
# Needs root and Debian's packages slurm-wlm and munge. Exit status: that of the command; 77
# when something is missing or does not start, with a line that says what.
set -u

give_up() {
    echo "slurm.sh: $1" >&2
    exit 77
}

[ "$(id -u)" -eq 0 ] || give_up "needs root"
PATH=$PATH:/usr/sbin
for tool in munged slurmctld slurmd sbatch scontrol; do
    command -v $tool >/dev/null || give_up "no $tool; install the packages slurm-wlm and munge"
done

dir=$(mktemp -d)
pids=
# Ask a process to end, and make it after five seconds.
stop() {
    kill "$1" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$1" 2>/dev/null || return
        sleep 0.5
    done
    kill -9 "$1" 2>/dev/null
}
end() {
    scancel --state=PENDING,RUNNING -u root 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do # a step that ends talks to slurmctld
        [ -z "$(squeue -h 2>/dev/null)" ] && break
        sleep 0.5
    done
    for pid in $pids; do # slurmd, slurmctld, munged
        stop "$pid"
    done
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$dir"
mkdir "$dir/state" "$dir/spool"
chmod 700 "$dir/state"
node=$(hostname -s)
port=$((20000 + $$ * 2 % 20000)) # and the next one

dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 2>/dev/null
chmod 600 "$dir/munge.key"
cat >"$dir/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=10
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(getconf _NPROCESSORS_ONLN) RealMemory=512 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
${SLURM_MORE:-}
END
SLURM_CONF=$dir/slurm.conf
export SLURM_CONF

munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
    --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munged.seed" \
    >"$dir/munged.out" 2>&1 &
pids="$!"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -S "$dir/munge.socket" ] && break
    sleep 0.2
done
[ -S "$dir/munge.socket" ] || give_up "munged does not start: $(tail -n 1 "$dir/munged.out")"
slurmctld -D -c >"$dir/slurmctld.out" 2>&1 &
pids="$! $pids"
slurmd -D -N "$node" >"$dir/slurmd.out" 2>&1 &
pids="$! $pids"
waited=0
while ! sinfo -h -o %T 2>/dev/null | grep -qx idle; do
    waited=$((waited + 1))
    if [ $waited -gt 60 ]; then
        tail -n 5 "$dir/slurmctld.out" "$dir/slurmd.out" >&2
        give_up "the node does not become idle"
    fi
    sleep 0.5
done
"$@"
