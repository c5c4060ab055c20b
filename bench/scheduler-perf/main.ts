// Runs one workload in this process and prints what it took as JSON: FILE NAME STORE HTTPS [PROFILE-FILE].
import { readWorkloads } from './read-workloads.ts'
import { runWorkload } from './run-workload.ts'

const [file = '', name = '', store, https, profileFile] = process.argv.slice(2)
const workload = readWorkloads(file).find((each) => each.name === name)
if (workload === undefined) throw new Error(`there is no workload ${name} in ${file}`)
const outcome = await runWorkload(workload, {
  store: store === 'memory' ? 'memory' : 'lmdb',
  https: https === 'https',
  profileFile,
})
console.log(JSON.stringify(outcome))
process.exit(0)
