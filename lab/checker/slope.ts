export interface Point {
  x: number
  y: number
}

/** The slope of the line that fits the points best (least squares). @throws with fewer than two different x */
export function fitSlope(points: readonly Point[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanX = mean(points.map(point => point.x))
  const meanY = mean(points.map(point => point.y))
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  if (!(spread > 0)) throw new Error('a slope needs points at two different places')
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread
}
