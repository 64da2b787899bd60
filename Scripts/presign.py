#!/usr/bin/env python3
"""Prints an address that lets whoever has it make one request of an S3-compatible store for five minutes
(AWS Signature Version 4, query parameters). For checks from outside, with curl.

    presign.py METHOD ORIGIN PATH

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY sign.
"""
import datetime
import hashlib
import hmac
import os
import sys
import urllib.parse

method, origin, path = sys.argv[1:]
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
scope = [time[:8], "us-east-1", "s3", "aws4_request"]
query = urllib.parse.urlencode(
    sorted({
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "/".join([key] + scope),
        "X-Amz-Date": time,
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host",
    }.items()),
    quote_via=urllib.parse.quote,
    safe="",
)
host = urllib.parse.urlsplit(origin).netloc
path = "/" + urllib.parse.quote(path)
request = "\n".join([method, path, query, "host:" + host, "", "host", "UNSIGNED-PAYLOAD"])
text = "\n".join(["AWS4-HMAC-SHA256", time, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()])
code = ("AWS4" + secret).encode()
for step in scope + [text]:
    code = hmac.new(code, step.encode(), hashlib.sha256).digest()
print(f"{origin}{path}?{query}&X-Amz-Signature={code.hex()}")
