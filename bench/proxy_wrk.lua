-- What wrk has measured, as one line of JSON; times in microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"requests":%d,"perSecond":%.1f,"p50":%.1f,"p99":%.1f,"failures":%d}\n',
    summary.requests,
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50),
    latency:percentile(99),
    failures
  ))
end
