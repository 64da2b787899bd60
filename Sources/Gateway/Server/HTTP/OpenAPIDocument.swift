/// The description of what the server does over HTTP, for tools that read it (OpenAPI 3.1).
///
/// It is text and not made of the routes, so that it can say more than they know; a test compares the two.
enum OpenAPIDocument {
    /// JSON.
    static let json = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "audio-stream-cache",
            "version": "0.1.0",
            "summary": "Audio streams over HTTP: read by range, also while they are written; upload, list, remove",
            "description": "The same streams that the WebSocket serves. Errors are problem details (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
          },
          "servers": [{"url": "/"}],
          "security": [{}, {"token": []}],
          "paths": {
            "/streams": {
              "get": {
                "operationId": "listStreams",
                "summary": "One page of the streams, in the order of their ids",
                "parameters": [
                  {
                    "name": "prefix",
                    "in": "query",
                    "description": "How the ids begin",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "state",
                    "in": "query",
                    "description": "What the streams are doing",
                    "schema": {"enum": ["live", "suspended", "sealed"]}
                  },
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "The most streams of the page",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
                  },
                  {
                    "name": "after",
                    "in": "query",
                    "description": "next of the page before",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The page",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"}
                }
              },
              "post": {
                "operationId": "createStream",
                "summary": "Uploads a stream whose id the gateway makes",
                "parameters": [
                  {
                    "name": "Content-Type",
                    "in": "header",
                    "description": "Kept; what is not audio/* is served as octet-stream",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "Repr-Digest",
                    "in": "header",
                    "description": "sha-256=:base64: of the whole stream (RFC 9530)",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "Content-Digest",
                    "in": "header",
                    "description": "The same; not together with Content-Range",
                    "schema": {"type": "string"}
                  }
                ],
                "requestBody": {
                  "description": "The stream's bytes, as they are. Readers follow while they come.",
                  "required": true,
                  "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}
                },
                "responses": {
                  "201": {
                    "description": "Sealed",
                    "headers": {
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Location": {"$ref": "#/components/headers/Location"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    },
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stream"}}}
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "413": {"$ref": "#/components/responses/TooLarge"},
                  "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
                  "422": {"$ref": "#/components/responses/DigestMismatch"},
                  "507": {"$ref": "#/components/responses/StorageFull"}
                }
              }
            },
            "/streams/{id}": {
              "get": {
                "operationId": "readStream",
                "summary": "Reads a stream, or parts of it; follows a live one",
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {
                    "name": "Range",
                    "in": "header",
                    "description": "bytes; to 999999999999 or more, a live stream is followed (RFC 8673)",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Range",
                    "in": "header",
                    "description": "Range counts where this is the stream's tag or date",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-None-Match",
                    "in": "header",
                    "description": "304 where one of the tags is the stream's",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Modified-Since",
                    "in": "header",
                    "description": "304 where the stream was sealed by then",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Match",
                    "in": "header",
                    "description": "412 where none of the tags is the stream's",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Unmodified-Since",
                    "in": "header",
                    "description": "412 where the stream was sealed later",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The whole; a live stream as it grows, its digest as a trailer",
                    "headers": {
                      "Accept-Ranges": {"$ref": "#/components/headers/Accept-Ranges"},
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"},
                      "Content-Security-Policy": {"$ref": "#/components/headers/Content-Security-Policy"},
                      "X-Content-Type-Options": {"$ref": "#/components/headers/X-Content-Type-Options"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    },
                    "content": {
                      "audio/*": {"schema": {"type": "string", "format": "binary"}},
                      "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                    }
                  },
                  "206": {
                    "description": "A part, or several; of /* while the stream may grow",
                    "headers": {
                      "Accept-Ranges": {"$ref": "#/components/headers/Accept-Ranges"},
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"},
                      "Content-Security-Policy": {"$ref": "#/components/headers/Content-Security-Policy"},
                      "X-Content-Type-Options": {"$ref": "#/components/headers/X-Content-Type-Options"},
                      "Content-Range": {"$ref": "#/components/headers/Content-Range"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    },
                    "content": {
                      "audio/*": {"schema": {"type": "string", "format": "binary"}},
                      "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                      "multipart/byteranges": {"schema": {"type": "string", "format": "binary"}}
                    }
                  },
                  "304": {
                    "description": "The client has it",
                    "headers": {
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"}
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "416": {"$ref": "#/components/responses/RangeNotSatisfiable"}
                }
              },
              "head": {
                "operationId": "describeStream",
                "summary": "The header of GET; with bytes=0-, how much of a live stream there is",
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {
                    "name": "Range",
                    "in": "header",
                    "description": "bytes; to 999999999999 or more, a live stream is followed (RFC 8673)",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Range",
                    "in": "header",
                    "description": "Range counts where this is the stream's tag or date",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-None-Match",
                    "in": "header",
                    "description": "304 where one of the tags is the stream's",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Modified-Since",
                    "in": "header",
                    "description": "304 where the stream was sealed by then",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Match",
                    "in": "header",
                    "description": "412 where none of the tags is the stream's",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Unmodified-Since",
                    "in": "header",
                    "description": "412 where the stream was sealed later",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The whole; a live stream as it grows, its digest as a trailer",
                    "headers": {
                      "Accept-Ranges": {"$ref": "#/components/headers/Accept-Ranges"},
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"},
                      "Content-Security-Policy": {"$ref": "#/components/headers/Content-Security-Policy"},
                      "X-Content-Type-Options": {"$ref": "#/components/headers/X-Content-Type-Options"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    }
                  },
                  "206": {
                    "description": "A part, or several; of /* while the stream may grow",
                    "headers": {
                      "Accept-Ranges": {"$ref": "#/components/headers/Accept-Ranges"},
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"},
                      "Content-Security-Policy": {"$ref": "#/components/headers/Content-Security-Policy"},
                      "X-Content-Type-Options": {"$ref": "#/components/headers/X-Content-Type-Options"},
                      "Content-Range": {"$ref": "#/components/headers/Content-Range"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    }
                  },
                  "304": {
                    "description": "The client has it",
                    "headers": {
                      "Cache-Control": {"$ref": "#/components/headers/Cache-Control"},
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Last-Modified": {"$ref": "#/components/headers/Last-Modified"}
                    }
                  },
                  "400": {"description": "As for GET, without a body"},
                  "401": {"description": "As for GET, without a body"},
                  "403": {"description": "As for GET, without a body"},
                  "404": {"description": "As for GET, without a body"},
                  "412": {"description": "As for GET, without a body"},
                  "416": {"description": "As for GET, without a body"}
                }
              },
              "put": {
                "operationId": "uploadStream",
                "summary": "Uploads a stream, or the rest of a suspended one",
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {
                    "name": "Content-Type",
                    "in": "header",
                    "description": "Kept; what is not audio/* is served as octet-stream",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "Repr-Digest",
                    "in": "header",
                    "description": "sha-256=:base64: of the whole stream (RFC 9530)",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "Content-Digest",
                    "in": "header",
                    "description": "The same; not together with Content-Range",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "Content-Range",
                    "in": "header",
                    "description": "bytes FIRST-LAST/LENGTH: the rest of a suspended stream",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-None-Match",
                    "in": "header",
                    "description": "* uploads only where there is no such stream",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Match",
                    "in": "header",
                    "description": "Replaces the stream that has this tag",
                    "schema": {"type": "string"}
                  }
                ],
                "requestBody": {
                  "description": "The stream's bytes, as they are. Readers follow while they come.",
                  "required": true,
                  "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}
                },
                "responses": {
                  "200": {
                    "description": "Replaced and sealed",
                    "headers": {
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    },
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stream"}}}
                  },
                  "201": {
                    "description": "Sealed",
                    "headers": {
                      "ETag": {"$ref": "#/components/headers/ETag"},
                      "Location": {"$ref": "#/components/headers/Location"},
                      "Repr-Digest": {"$ref": "#/components/headers/Repr-Digest"}
                    },
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stream"}}}
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "413": {"$ref": "#/components/responses/TooLarge"},
                  "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
                  "422": {"$ref": "#/components/responses/DigestMismatch"},
                  "507": {"$ref": "#/components/responses/StorageFull"}
                }
              },
              "delete": {
                "operationId": "removeStream",
                "summary": "Removes a stream",
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {
                    "name": "If-Match",
                    "in": "header",
                    "description": "412 where none of the tags is the stream's",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "If-Unmodified-Since",
                    "in": "header",
                    "description": "412 where the stream was sealed later",
                    "schema": {"type": "string"}
                  }
                ],
                "responses": {
                  "204": {"description": "Removed"},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"}
                }
              }
            },
            "/streams/{id}/info": {
              "get": {
                "operationId": "streamInfo",
                "summary": "What is known about a stream",
                "parameters": [{"$ref": "#/components/parameters/id"}],
                "responses": {
                  "200": {
                    "description": "The facts",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stream"}}}
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "404": {"$ref": "#/components/responses/NotFound"}
                }
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "describeAPI",
                "summary": "This description",
                "security": [],
                "responses": {
                  "200": {
                    "description": "OpenAPI 3.1",
                    "content": {"application/json": {"schema": {"type": "object"}}}
                  },
                  "403": {"$ref": "#/components/responses/Forbidden"}
                }
              }
            },
            "/healthz": {
              "get": {
                "operationId": "health",
                "summary": "Whether the gateway takes uploads",
                "security": [],
                "responses": {
                  "200": {"description": "It does", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "503": {
                    "description": "It does not; one reason a line",
                    "content": {"text/plain": {"schema": {"type": "string"}}}
                  }
                }
              }
            },
            "/livez": {
              "get": {
                "operationId": "liveness",
                "summary": "Whether every event loop turns",
                "security": [],
                "responses": {
                  "200": {"description": "They do", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "503": {
                    "description": "One is stuck: end the process and start it again",
                    "content": {"text/plain": {"schema": {"type": "string"}}}
                  }
                }
              }
            },
            "/readyz": {
              "get": {
                "operationId": "readiness",
                "summary": "Whether the gateway takes uploads, and why not",
                "security": [],
                "responses": {
                  "200": {"description": "It does", "content": {"application/json": {"schema": {"type": "object"}}}},
                  "403": {"$ref": "#/components/responses/Forbidden"},
                  "503": {
                    "description": "It does not, with the reasons",
                    "content": {"application/json": {"schema": {"type": "object"}}}
                  }
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "metrics",
                "summary": "What the gateway counts, in the text format of Prometheus",
                "responses": {
                  "200": {"description": "The metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "401": {"$ref": "#/components/responses/Unauthorized"},
                  "403": {"$ref": "#/components/responses/Forbidden"}
                }
              }
            }
          },
          "components": {
            "parameters": {
              "id": {
                "name": "id",
                "in": "path",
                "required": true,
                "description": "1 to 128 of A-Z a-z 0-9 . _ -",
                "schema": {"type": "string", "pattern": "^(?!\\.)(?!.*\\.\\.)[A-Za-z0-9._-]{1,128}$"}
              }
            },
            "headers": {
              "Accept-Ranges": {"required": true, "description": "bytes", "schema": {"const": "bytes"}},
              "Cache-Control": {
                "required": true,
                "description": "no-store unless sealed; then immutable, for at most a day",
                "schema": {"type": "string"}
              },
              "Content-Disposition": {"description": "inline for audio, else attachment", "schema": {"type": "string"}},
              "Content-Range": {"description": "bytes FIRST-LAST/LENGTH", "schema": {"type": "string"}},
              "Content-Security-Policy": {
                "required": true,
                "description": "No script runs, and nothing but the audio is loaded",
                "schema": {"const": "sandbox allow-same-origin; default-src 'none'; media-src 'self'"}
              },
              "ETag": {"description": "Strong; of sealed streams only", "schema": {"type": "string"}},
              "Last-Modified": {"description": "When the stream was sealed", "schema": {"type": "string"}},
              "Location": {"description": "The stream's path", "schema": {"type": "string"}},
              "Repr-Digest": {
                "description": "sha-256=:base64: of the whole stream, whichever part is sent",
                "schema": {"type": "string"}
              },
              "X-Content-Type-Options": {"required": true, "description": "nosniff", "schema": {"const": "nosniff"}},
              "WWW-Authenticate": {"required": true, "description": "Bearer", "schema": {"type": "string"}}
            },
            "responses": {
              "BadRequest": {
                "description": "A malformed id, parameter or header",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "Forbidden": {
                "description": "Not this Host, not pages of this Origin, or not with this token",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "NotFound": {
                "description": "There is no such stream",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "Conflict": {
                "description": "There is such a stream, with offset bytes, or it has a writer",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "PreconditionFailed": {
                "description": "The stream is not in the state that the condition asks for",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "TooLarge": {
                "description": "Longer than the backend takes",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "UnsupportedMediaType": {
                "description": "A Content-Encoding: streams are kept as they are sent",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "RangeNotSatisfiable": {
                "description": "Nothing of the range is there",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                "headers": {"Content-Range": {"$ref": "#/components/headers/Content-Range"}}
              },
              "DigestMismatch": {
                "description": "The bytes are not those that were declared. They are kept, suspended",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "StorageFull": {
                "description": "There is no room",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              },
              "Unauthorized": {
                "description": "A token is missing or wrong",
                "headers": {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}},
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              }
            },
            "schemas": {
              "Stream": {
                "type": "object",
                "required": ["streamId", "state", "size"],
                "properties": {
                  "streamId": {"type": "string"},
                  "state": {"enum": ["live", "suspended", "sealed"]},
                  "size": {"type": "integer", "minimum": 0},
                  "contentType": {"type": "string"},
                  "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                  "createdAt": {"type": "integer", "description": "Milliseconds since 1970-01-01T00:00:00Z"},
                  "sealedAt": {"type": "integer"},
                  "lastReadAt": {"type": "integer"},
                  "expiresAt": {"type": "integer"},
                  "ttlSeconds": {"type": "integer"},
                  "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                  "durability": {"enum": ["memory", "process", "power", "tier"]},
                  "readers": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How many have it open for reading on this gateway"
                  },
                  "copies": {
                    "type": "array",
                    "items": {"enum": ["hot", "cold"]},
                    "description": "Which tiers have the whole of the sealed stream, of a gateway that has tiers"
                  }
                }
              },
              "Page": {
                "type": "object",
                "required": ["streams"],
                "properties": {
                  "streams": {"type": "array", "items": {"$ref": "#/components/schemas/Stream"}},
                  "next": {
                    "type": "string",
                    "description": "What to send as after for the next page; missing on the last one"
                  }
                }
              },
              "Problem": {
                "type": "object",
                "required": ["title", "status", "detail", "code"],
                "properties": {
                  "title": {"type": "string"},
                  "status": {"type": "integer"},
                  "detail": {"type": "string"},
                  "code": {"type": "string"},
                  "retryable": {"const": true},
                  "streamId": {"type": "string"},
                  "offset": {"type": "integer"}
                }
              }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Where one is needed"}}
          }
        }
        """#
}
