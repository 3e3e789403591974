from clinic.audit import services
from clinic.celery import app


@app.task
def seal_events(**kwargs):
    services.seal_events()
