wrk.method = "POST"
wrk.body = string.rep("x", 16777216)
