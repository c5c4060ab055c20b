import { maxNodeScore, type Plugin } from '../../framework.ts'

/** As many points as pods of the group have a place, those that have it already among them; the most gets all points. */
export const podGroupPodsCount = (): Plugin => ({
  name: 'PodGroupPodsCount',
  placementScore: {
    score: ({ placed }, { pods }) => placed.length + pods.length,
    normalize: (scores) => {
      const most = Math.max(0, ...scores)
      if (most === 0)
        throw new Error('no pods from pod group are assigned to any of the candidate placements')
      for (const [place, score] of scores.entries()) scores[place] = Math.trunc((score * maxNodeScore) / most)
    },
  },
})
