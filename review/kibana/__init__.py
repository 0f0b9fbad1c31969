"""What analysts see in Kibana: data views, visualisations and dashboards, in three languages, and the rights to see them.

The definitions (`dashboards`, `views`) say what is counted; `columns`, `charts` and `objects` write them in the form that
Kibana stores (saved objects of version 8.19, which later versions read too); `applying` brings them there.
"""
