app_name = "charting"
urlpatterns = []
