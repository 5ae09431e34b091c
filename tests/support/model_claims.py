"""What a good model might write about FastAPI's documentation, in our own words, and where it errs.

Each names the section that it cites, says something true of it, and the same with one thing wrong.
"""

from __future__ import annotations

from typing import NamedTuple


class ModelClaim(NamedTuple):
    path: str
    anchor: str
    true: str
    false: str


_QUERY = "tutorial/query-params.md"
_PATH = "tutorial/path-params.md"
_CORS = "tutorial/cors.md"
_TASKS = "tutorial/background-tasks.md"
_SETTINGS = "advanced/settings.md"
_ERRORS = "tutorial/handling-errors.md"
_HEADERS = "tutorial/header-params.md"
_STATUS = "tutorial/response-status-code.md"
_STATIC = "tutorial/static-files.md"
_MIDDLEWARE = "tutorial/middleware.md"
_FILES = "tutorial/request-files.md"
_EVENTS = "advanced/events.md"
_WORKERS = "deployment/server-workers.md"
_MODEL = "tutorial/response-model.md"

MODEL_CLAIMS = [
    ModelClaim(
        _QUERY,
        "query-parameters",
        "Any function parameter that is not part of the path is treated as a query parameter.",
        "Any function parameter that is not part of the path is treated as a header parameter.",
    ),
    ModelClaim(
        _QUERY,
        "query-parameters",
        "In the URL, query parameters are key-value pairs after the `?`, separated by `&`.",
        "In the URL, query parameters are key-value pairs after the `?`, separated by `;`, "
        "and limited to 255 characters.",
    ),
    ModelClaim(
        _QUERY,
        "defaults",
        "Query parameters aren't a fixed part of the path, so they may be optional and have "
        "defaults.",
        "Query parameters aren't a fixed part of the path, so they cannot have default values.",
    ),
    ModelClaim(
        _QUERY,
        "defaults",
        "Opening `/items/` therefore gives the same result as `/items/?skip=0&limit=10`.",
        "Opening `/items/` therefore gives the same result as `/items/?skip=0&limit=100`.",
    ),
    ModelClaim(
        _QUERY,
        "optional-parameters",
        "To make a query parameter optional, set its default to `None`.",
        "To make a query parameter optional, annotate it with `Maybe` from the typing module.",
    ),
    ModelClaim(
        _QUERY,
        "query-parameter-type-conversion",
        "A parameter declared as `bool` is converted, so `1`, `true`, `on` and `yes` all become "
        "`True`.",
        "A parameter declared as `bool` is not converted, so `1`, `true`, `on` and `yes` stay "
        "strings.",
    ),
    ModelClaim(
        _QUERY,
        "multiple-path-and-query-parameters",
        "You can mix several path and query parameters in any order, because FastAPI recognises "
        "them by name.",
        "You can mix several path and query parameters, but at most 8 of them are recognised.",
    ),
    ModelClaim(
        _QUERY,
        "required-query-parameters",
        "If you want a query parameter to be required, simply leave out the default value.",
        "If you want a query parameter to be required, pass `mandatory=True` to the Celery "
        "decorator.",
    ),
    ModelClaim(
        _QUERY,
        "required-query-parameters",
        "Leaving out a required parameter such as `needy` results in an error whose message is "
        '"Field required".',
        "Leaving out a required parameter such as `needy` never results in an error.",
    ),
    ModelClaim(
        _PATH,
        "path-parameters",
        "Path parameters are declared with the same syntax as Python's format strings.",
        "Path parameters are declared with the same syntax as Perl's regular expressions.",
    ),
    ModelClaim(
        _PATH,
        "path-parameters-with-types",
        "The type of a path parameter is declared with ordinary Python type annotations.",
        "The type of a path parameter is declared in a separate YAML file.",
    ),
    ModelClaim(
        _PATH,
        "data-conversion",
        'With that declaration your function receives the `int` 3 and not the string `"3"`.',
        'With that declaration your function receives the `int` 7 and not the string `"7"`.',
    ),
    ModelClaim(
        _PATH,
        "data-validation",
        "Requesting `/items/foo` produces an HTTP error because `foo` is not an `int`.",
        "Requesting `/items/foo` does not produce an HTTP error although `foo` is no `int`.",
    ),
    ModelClaim(
        _PATH,
        "standards-based-benefits-alternative-documentation",
        "FastAPI also serves an alternative documentation with ReDoc at `/redoc`.",
        "FastAPI also serves an alternative documentation with Sphinx at `/sphinx`.",
    ),
    ModelClaim(
        _PATH,
        "pydantic",
        "Under the hood, Pydantic does all of the data validation.",
        "Under the hood, Marshmallow does all of the data validation.",
    ),
    ModelClaim(
        _PATH,
        "order-matters",
        "Path operations are evaluated in order, so declare `/users/me` before `/users/{user_id}`.",
        "Path operations are evaluated in order, so declare `/users/me` after `/users/{user_id}`.",
    ),
    ModelClaim(
        _CORS,
        "origin",
        "An origin combines the protocol, the domain and the port.",
        "An origin combines the protocol, the domain and the session cookie of the user.",
    ),
    ModelClaim(
        _CORS,
        "origin",
        "`http://localhost` and `https://localhost` are different origins, since their protocols "
        "differ.",
        "`http://localhost` and `https://localhost` are not different origins.",
    ),
    ModelClaim(
        _CORS,
        "steps",
        "Before that, the browser sends an HTTP `OPTIONS` request to the backend.",
        "Before that, the browser sends an HTTP `PATCH` request to the database.",
    ),
    ModelClaim(
        _CORS,
        "wildcards",
        'The wildcard `"*"` allows every origin, but it rules out communication with credentials '
        "such as cookies.",
        'The wildcard `"*"` allows at most 50 origins, and expires after 24 hours.',
    ),
    ModelClaim(
        _CORS,
        "use-corsmiddleware",
        "`allow_methods` defaults to `['GET']`.",
        "`allow_methods` defaults to `['DELETE']`.",
    ),
    ModelClaim(
        _CORS,
        "use-corsmiddleware",
        "Browsers cache CORS responses for up to 600 seconds by default, which you can change with "
        "`max_age`.",
        "Browsers cache CORS responses for up to 900 seconds by default, which you can change with "
        "`max_age`.",
    ),
    ModelClaim(
        _CORS,
        "use-corsmiddleware",
        "If `allow_credentials` is `True`, origins, methods and headers can't be set to `['*']`.",
        "If `allow_credentials` is `True`, Redis has to be installed as well.",
    ),
    ModelClaim(
        _TASKS,
        "background-tasks",
        "Background tasks run after the response has been returned.",
        "Background tasks run before the response has been returned.",
    ),
    ModelClaim(
        _TASKS,
        "background-tasks",
        "A typical use is sending an email notification without making the client wait.",
        "A typical use is training a neural network on a cluster of GPUs.",
    ),
    ModelClaim(
        _TASKS,
        "using-backgroundtasks",
        "Import `BackgroundTasks` and add a parameter of that type to your path operation "
        "function.",
        "Import `TaskQueue` and add a parameter of that type to your path operation function.",
    ),
    ModelClaim(
        _TASKS,
        "create-a-task-function",
        "The task function may be an `async def` or a plain `def` function.",
        "The task function may never be an `async def` function.",
    ),
    ModelClaim(
        _TASKS,
        "add-the-background-task",
        "`.add_task()` takes the task function first, followed by its positional and keyword "
        "arguments.",
        "`.add_task()` takes a cron expression first, followed by the time zone.",
    ),
    ModelClaim(
        _TASKS,
        "dependency-injection",
        "You can also declare `BackgroundTasks` in a dependency; all tasks are merged and run "
        "afterwards.",
        "You can also declare `BackgroundTasks` in a dependency; all tasks are retried 3 times.",
    ),
    ModelClaim(
        _TASKS,
        "caveat",
        "For heavy computation that needn't share memory with the process, consider a bigger tool "
        "like Celery.",
        "For heavy computation that needn't share memory with the process, consider a bigger tool "
        "like Airflow.",
    ),
    ModelClaim(
        _SETTINGS,
        "types-and-validation",
        "Environment variables can only hold text, so every value is read as a `str`.",
        "Environment variables can only hold text, so every value is read as an `int`.",
    ),
    ModelClaim(
        _SETTINGS,
        "install-pydantic-settings",
        "Install it with `uv add pydantic-settings`, or get it with the `all` extras.",
        "Install it with `npm install pydantic-settings`, version 4.7 or newer.",
    ),
    ModelClaim(
        _SETTINGS,
        "create-the-settings-object",
        "Create a subclass of `BaseSettings` and declare its attributes with type annotations.",
        "Create a subclass of `ConfigParser` and declare its attributes in an INI file.",
    ),
    ModelClaim(
        _SETTINGS,
        "create-the-settings-object",
        "Names are matched case-insensitively, so `APP_NAME` fills the attribute `app_name`.",
        "Names are matched case-insensitively, so `APP_NAME` fills the attribute `hostname`.",
    ),
    ModelClaim(
        _SETTINGS,
        "run-the-server",
        "`items_per_user` keeps its default of 50 in this example.",
        "`items_per_user` keeps its default of 75 in this example.",
    ),
    ModelClaim(
        _ERRORS,
        "handling-errors",
        "For client errors you normally return a status code between 400 and 499.",
        "For client errors you normally return a status code between 600 and 699.",
    ),
    ModelClaim(
        _ERRORS,
        "raise-an-httpexception-in-your-code",
        "Since `HTTPException` is a Python exception, you raise it instead of returning it.",
        "Since `HTTPException` is a Java interface, you implement it instead of returning it.",
    ),
    ModelClaim(
        _ERRORS,
        "raise-an-httpexception-in-your-code",
        "Raising it ends the request immediately, even from inside a utility function.",
        "Raising it restarts the request up to 5 times before giving up.",
    ),
    ModelClaim(
        _ERRORS,
        "the-resulting-response",
        "The `detail` can be any value that is convertible to JSON, such as a `dict` or a `list`.",
        "The `detail` can only be a `str` of no more than 120 characters.",
    ),
    ModelClaim(
        _ERRORS,
        "add-custom-headers",
        "In some situations, for instance for certain kinds of security, you can add custom "
        "headers to the error.",
        "In some situations, for instance for Kubernetes probes, you can encrypt the error with "
        "AES.",
    ),
    ModelClaim(
        _ERRORS,
        "install-custom-exception-handlers",
        "Custom handlers are registered with `@app.exception_handler()`.",
        "Custom handlers are registered with `@app.on_failure()`.",
    ),
    ModelClaim(
        _HEADERS,
        "declare-header-parameters",
        "You need `Header` for this, as the parameter would be taken for a query parameter "
        "otherwise.",
        "You need `Header` for this, as the parameter would be taken for a cookie otherwise.",
    ),
    ModelClaim(
        _HEADERS,
        "automatic-conversion",
        "By default, underscores in the parameter's name are converted to hyphens.",
        "By default, underscores in the parameter's name are converted to dots.",
    ),
    ModelClaim(
        _HEADERS,
        "automatic-conversion",
        "You can turn this conversion off by setting `convert_underscores` to `False`.",
        "You can turn this conversion off by setting `keep_original_name` to `True`.",
    ),
    ModelClaim(
        _HEADERS,
        "duplicate-headers",
        "If a header appears more than once, all its values arrive as a Python `list`.",
        "If a header appears more than once, the request is rejected with status 431.",
    ),
    ModelClaim(
        _STATUS,
        "response-status-code",
        "Pass `status_code` to the decorator, not to your path operation function.",
        "Pass `status_code` to the constructor of `FastAPI`, in the list of `plugins`.",
    ),
    ModelClaim(
        _STATUS,
        "response-status-code",
        "It also accepts an `IntEnum`, for example `http.HTTPStatus`.",
        "It also accepts an `XMLSchema`, for example `lxml.etree`.",
    ),
    ModelClaim(
        _STATUS,
        "about-http-status-codes",
        "A `204` response has no content, so it must not have a body.",
        "A `207` response has no content, so it must not have a body.",
    ),
    ModelClaim(
        _STATUS,
        "about-http-status-codes",
        '`201` stands for "Created" and is usually sent after a record was added to the database.',
        '`201` stands for "Redirected" and is usually sent after a proxy was added to the cluster.',
    ),
    ModelClaim(
        _STATIC,
        "what-is-mounting",
        "A mounted application is fully independent: its paths don't show up in the OpenAPI docs "
        "of the main app.",
        "A mounted application is not independent: its paths show up in the OpenAPI docs of the "
        "main app.",
    ),
    ModelClaim(
        _STATIC,
        "details",
        'The `directory="static"` argument names the folder with your static files.',
        'The `directory="static"` argument names the S3 bucket with your static files.',
    ),
    ModelClaim(
        _MIDDLEWARE,
        "middleware",
        "A middleware sees each request before a path operation handles it, and each response "
        "before it is returned.",
        "A middleware sees each request only when debugging is switched on in Uvicorn.",
    ),
    ModelClaim(
        _MIDDLEWARE,
        "create-a-middleware",
        'You create one by decorating a function with `@app.middleware("http")`.',
        'You create one by decorating a function with `@app.interceptor("tcp")`.',
    ),
    ModelClaim(
        _MIDDLEWARE,
        "multiple-middleware-execution-order",
        "The middleware added last is the outermost one, so it runs first on the way in.",
        "The middleware added last is the outermost one, so it runs in a thread of its own for "
        "30 seconds.",
    ),
    ModelClaim(
        _FILES,
        "request-files",
        "To receive uploads you first have to install `python-multipart`.",
        "To receive uploads you first have to install `boto3`.",
    ),
    ModelClaim(
        _FILES,
        "define-file-parameters",
        "With `bytes`, the whole file is kept in memory, which is fine for small files.",
        "With `bytes`, the whole file is kept in Postgres, which is fine for small files.",
    ),
    ModelClaim(
        _FILES,
        "file-parameters-with-uploadfile",
        "`UploadFile` uses a spooled file, which moves to disk once it exceeds a size limit.",
        "`UploadFile` uses a spooled file, which is never moved to disk.",
    ),
    ModelClaim(
        _EVENTS,
        "lifespan",
        "Code before the `yield` runs before the application starts to take requests.",
        "Code before the `yield` runs after the application starts to take requests.",
    ),
    ModelClaim(
        _WORKERS,
        "multiple-workers",
        "Use the `--workers` option to start several worker processes.",
        "Use the `--threads` option to start several GPU kernels.",
    ),
    ModelClaim(
        _WORKERS,
        "server-workers-uvicorn-with-workers",
        "On Kubernetes you'll probably prefer a single Uvicorn process per container.",
        "On Kubernetes you'll probably prefer 16 Gunicorn processes per container.",
    ),
    ModelClaim(
        _MODEL,
        "response-model-return-type",
        "FastAPI uses the return type to validate the data, to document it and to filter the "
        "output.",
        "FastAPI uses the return type to compress the data, to bill it and to shard the output.",
    ),
    ModelClaim(
        _MODEL,
        "response-model-parameter",
        "If what you return differs from the declared type, use `response_model` in the decorator "
        "instead.",
        "If what you return differs from the declared type, call `force_cast` in the destructor "
        "instead.",
    ),
    ModelClaim(
        _MODEL,
        "response-model-priority",
        "When both are given, `response_model` takes precedence over the return type.",
        "When both are given, the return type takes precedence over `legacy_schema`.",
    ),
]

CONNECTIVE = [
    "Here is how:",
    "Yes.",
    "In short:",
    "To do so, follow these steps:",
    "For example:",
    "The docs do not say how long this takes.",
    "Does that answer your question?",
    "## Background tasks",
    "There are two ways to do this:",
    "Hope this helps!",
]
"""What a model writes between its claims, which needs no evidence."""
