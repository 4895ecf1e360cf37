#!/bin/bash
# A Ray cluster for the length of one Slurm job, and `ablate run` on it:
#
#     sbatch docs/cluster/slurm.sh specs/studies/quickstart.yaml train.epochs=2
#
# Every argument goes to `ablate run`. Submit the same line again, or let Slurm requeue the job: it goes on.
# The store (here $ABLATE_STORE, else ./runs) and this folder must be on storage that all nodes share.

#SBATCH --job-name=ablate
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
##SBATCH --gpus-per-node=4        # one # less where there are GPUs
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@120       # two minutes before the end: stop in order, checkpoints are written as always
#SBATCH --requeue                 # after a preemption or a node's death
#SBATCH --open-mode=append
#SBATCH --output=ablate-%j.log

set -euo pipefail

# Your environment, the same on all nodes: module load …, or
# source venv/bin/activate

node=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1) # this one: Slurm runs the script on the first
ip=$(hostname --ip-address | awk '{print $1}')
address=$ip:$((20000 + SLURM_JOB_ID % 10000)) # several jobs may meet on a node
temporary=/tmp/ray-$SLURM_JOB_ID              # short: sockets are put below it
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN     # only this job may use its Ray, whoever else is on the nodes
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')

on_node() { # its name, then a command that stays
    local name=$1
    shift
    srun --overlap --nodes=1 --ntasks=1 --nodelist="$name" "$@" &
}

on_node "$node" ray start --head --node-ip-address="$ip" --port="${address#*:}" --temp-dir="$temporary" \
    --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --disable-usage-stats --block
until ray health-check --address "$address" >/dev/null 2>&1; do sleep 1; done
for other in $(scontrol show hostnames "$SLURM_JOB_NODELIST" | tail -n +2); do
    on_node "$other" ray start --address="$address" --temp-dir="$temporary" \
        --num-cpus="$SLURM_CPUS_PER_TASK" --disable-usage-stats --block
done
python - "$address" "$SLURM_JOB_NUM_NODES" <<'PYTHON' # wait for all nodes
import sys, time, ray

while not ray.is_initialized():
    try:
        ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
    except ConnectionError:  # this node has not joined the head yet
        time.sleep(1)
while sum(node["Alive"] for node in ray.nodes()) < int(sys.argv[2]):
    time.sleep(1)
PYTHON

stopped=
stop() { stopped=yes && kill -TERM "$run"; }
trap stop TERM
ablate run "$@" --address "$address" &
run=$!
code=0
wait "$run" || code=$?
if [ "$stopped" ]; then # `wait` ended with the signal, not with the command
    code=0
    wait "$run" || code=$?
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code" # Slurm ends the nodes' Ray with the job
